# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values from the network, which must never be templates: anyone who can announce a node chooses them.

Up to ansible-core 2.18 all text that isn't marked as unsafe is a template. Since 2.19 only text that is marked as trusted is
one, and ansible-inventory shows all other text with a mark of its own. So text that can't be a template, or an expression with
an effect, is left unmarked on 2.18 and marked as trusted on newer ones.
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


# Host names, addresses and paths: no blanks, quotes or brackets.
_HARMLESS = re.compile(r"[A-Za-z0-9._:/@-]*\Z")
_PLAIN = (int, bool)
# The names of a pool of a hundred thousand nodes, each of which occurs many times.
_MOST_NAMES = 1 << 16


def untrusted(value: Any) -> Any:
    """The same value, with the marks that its texts need."""
    if isinstance(value, dict):
        # A router's data is mostly numbers.
        return {name: one if type(one) in _PLAIN else untrusted(one) for name, one in value.items()}
    if isinstance(value, list):
        return [untrusted(one) for one in value]
    if isinstance(value, str):
        # A text that may be a template is never replaced by an equal one with other marks.
        return _marked(value) if _HARMLESS.match(value) else _suspect(value)
    return value


@lru_cache(_MOST_NAMES)
def _marked(text: str) -> Any:
    """A harmless text with its mark, in memory once."""
    return _harmless(text)
