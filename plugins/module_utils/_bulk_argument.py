# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a long list of mappings from the controller to the managed host as one value. Pure.

Ansible processes every single value of a module's arguments about ten times, on both sides. One long text costs far less.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Dict, List

# The form of a packed list: a signing key, whose content Ansible masks, with a name that no key file has.
_FILE = "packed"
# The fastest: the others need several times as long to save a tenth of the size.
_LEVEL = 1


def pack(text: str) -> List[Dict[str, str]]:
    """Pack many mappings into one.

    Args:
        text: the list as JSON, in ASCII only.
    """
    return [{"file": _FILE, "content": base64.b64encode(zlib.compress(text.encode("ascii"), _LEVEL)).decode("ascii")}]


def is_packed(items: Any) -> bool:
    """Say whether a list went through ``pack``."""
    return isinstance(items, list) and len(items) == 1 and isinstance(items[0], dict) and items[0].get("file") == _FILE


def unpack(items: Any) -> Any:
    """The list that ``pack`` was given; an unpacked one unchanged."""
    return json.loads(zlib.decompress(base64.b64decode(items[0]["content"]))) if is_packed(items) else items
