# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values from the network, which must never be templates: anybody who can announce a node chooses them.

Up to ansible-core 2.18 all text that isn't marked as unsafe is a template. From 2.19 on only text that is marked as trusted is
one, and ansible-inventory shows all other text with a mark of its own. What can't be a template, or an expression that does
something, is therefore left as it is on 2.18 and trusted on newer ones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

try:
    from ansible.template import trust_as_template as _harmless
except ImportError:
    from ansible.utils.unsafe_proxy import wrap_var as _suspect

    def _harmless(value: Any) -> Any:
        return value

else:

    def _suspect(value: Any) -> Any:
        return value


# Host names, addresses and paths: no blank, no quote, no bracket of any kind.
_HARMLESS = re.compile(r"[A-Za-z0-9._:/@-]*\Z")
_PLAIN = (int, bool)
# The names of a pool of a hundred thousand nodes, each of which is there time and again.
_MOST_NAMES = 1 << 16


def untrusted(value: Any) -> Any:
    """The same value, with the marks that its texts need."""
    if isinstance(value, dict):
        # Numbers are most of what a router says.
        return {name: one if type(one) in _PLAIN else untrusted(one) for name, one in value.items()}
    if isinstance(value, list):
        return [untrusted(one) for one in value]
    if isinstance(value, str):
        # Of those that may be templates none is ever taken for another one that is equal and has other marks.
        return _marked(value) if _HARMLESS.match(value) else _suspect(value)
    return value


@lru_cache(_MOST_NAMES)
def _marked(text: str) -> Any:
    """A harmless text with its mark, once in memory."""
    return _harmless(text)
