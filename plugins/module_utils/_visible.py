# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes text from strangers safe to show: it can't move a terminal's cursor, nor imitate other text. Pure."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
# Invisible characters, and those that change how others are displayed: controls, directions, surrogates, line separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# The same in other categories: characters that Unicode says to draw as nothing (Default_Ignorable_Code_Point), and unusual
# blanks. A pattern that is compiled when it is first used, as nearly all text is ASCII.
_IGNORED = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
_BLANKS = " \u00a0\u202f"


def seen(text: str) -> str:
    """A text with invisible characters replaced by Python's escapes, except line breaks."""
    if text.isascii():
        return _CONTROL.sub(lambda found: _escape(found.group()), text)
    # Imported on demand: otherwise each run of a module would load it.
    import unicodedata  # noqa: PLC0415

    return "".join(_escape(one) if _is_unseen(one, unicodedata.category(one)) else one for one in text)


def _is_unseen(one: str, kind: str) -> bool:
    return (kind in _UNSEEN and one != "\n") or (kind == "Zs" and one not in _BLANKS) or bool(re.match(_IGNORED, one))


def _escape(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")
