# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A long list of mappings on its way from the controller to the managed host, as one value. Pure.

Ansible touches every single value of a module's arguments some ten times, on both sides. One text it moves as fast as any.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Dict, List

# What a list of packed mappings looks like: a signing key, whose content Ansible masks, with a name that no key's file has.
_FILE = "packed"


def pack(text: str) -> List[Dict[str, str]]:
    """Make one mapping of many.

    Args:
        text: the list of them in JSON, which has nothing but ASCII.
    """
    return [{"file": _FILE, "content": base64.b64encode(zlib.compress(text.encode("ascii"))).decode("ascii")}]


def is_packed(items: Any) -> bool:
    """Say whether a list went through ``pack``."""
    return isinstance(items, list) and len(items) == 1 and isinstance(items[0], dict) and items[0].get("file") == _FILE


def unpack(items: Any) -> Any:
    """The list that ``pack`` was given; one that isn't packed as it is."""
    return json.loads(zlib.decompress(base64.b64decode(items[0]["content"]))) if is_packed(items) else items
