# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from strangers, as it can be shown to people: it can't move the cursor of a terminal, nor look like another text. Pure."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
# Characters that can't be seen, or that change how others are: controls, directions, surrogates, line separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Those of other categories: what Unicode has programs draw as nothing (Default_Ignorable_Code_Point), and all blanks but those
# that pages are written with.
_IGNORED = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
_BLANKS = " \u00a0\u202f"


def seen(text: str) -> str:
    """A text with what can't be seen in it as Python's escapes, line breaks apart."""
    if text.isascii():
        return _CONTROL.sub(lambda found: _escape(found.group()), text)
    # Only where it's needed: each run of a module would load it.
    import unicodedata  # noqa: PLC0415

    return "".join(_escape(one) if _is_unseen(one, unicodedata.category(one)) else one for one in text)


def _is_unseen(one: str, kind: str) -> bool:
    return (kind in _UNSEEN and one != "\n") or (kind == "Zs" and one not in _BLANKS) or bool(_IGNORED.match(one))


def _escape(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")
