# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that look like secrets, which are not copied from a host into an inventory. Pure."""

from __future__ import annotations

import re

from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import HIDDEN, mask

# A name that has one of these words, from the word on, and its value. With bounds, so that the time grows with the text alone.
_NAMED = re.compile(
    r"((?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[A-Za-z0-9_-]{0,64})"
    r"[ \t]{0,8}[=:][ \t]{0,8}(?!/|[$@%]\()[^\s]",
    re.IGNORECASE,
)
# Of a line in a comment.
_MOST_SHOWN = 300
# Where a name says that the value is a place and no secret.
_PLACE = re.compile(r"(file|path|dir|name|algorithm|header)\Z", re.IGNORECASE)
_IN_URL = re.compile(r"://[^\s/:@]*:[^\s/@]+@")
_BASIC_AUTH = re.compile(r"basicauth(-next)?:[^,]{0,256},.", re.IGNORECASE)


def looks_secret(name: str, value: str) -> bool:
    """Whether the value of an option has a password, a token or a private key in it."""
    if HIDDEN in value or mask(value) != value:
        return True
    if _IN_URL.search(value) or _BASIC_AUTH.search(value):
        return True
    return any(not _PLACE.search(found.group(1)) for found in _NAMED.finditer(f"{name}={value}"))


def shown(name: str, value: str) -> str:
    """A line for a comment, without what looks like a secret."""
    if not looks_secret(name, value):
        text = f"{name} = {value}".rstrip()
    else:
        own, equals, dummy = value.partition("=")
        text = f"{name} = {own}=..." if equals and re.fullmatch(r"[A-Za-z0-9_]{1,64}", own) else f"{name} = ..."
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "..."
