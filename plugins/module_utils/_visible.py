# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes text from strangers safe to show: it can't move a terminal's cursor, nor imitate other text. Pure."""

from __future__ import annotations

import re
from typing import Dict

# Invisible characters, and those that change how others are displayed: controls, directions, surrogates, line separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# The same in other categories: characters that Unicode says to draw as nothing (Default_Ignorable_Code_Point), and unusual
# blanks. A pattern that is compiled when it is first used, as nearly all text is ASCII.
_IGNORED = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
_BLANKS = "\u00a0\u202f"
_MOST = 4096


class _Table(Dict[int, str]):
    """From characters to what is shown for them. Strangers choose them, so only so many are kept."""

    def __missing__(self, code: int) -> str:
        one = chr(code)
        shown = one.encode("unicode_escape").decode("ascii") if _is_unseen(one) else one
        if len(self) < _MOST:
            self[code] = shown
        return shown


_TABLE = _Table()


def seen(text: str) -> str:
    """A text with invisible characters replaced by Python's escapes, except line breaks."""
    return text.translate(_TABLE)


def _is_unseen(one: str) -> bool:
    if one.isascii():
        return not one.isprintable() and one != "\n"
    # Imported on demand: otherwise each run of a module would load it.
    import unicodedata  # noqa: PLC0415

    kind = unicodedata.category(one)
    return kind in _UNSEEN or (kind == "Zs" and one not in _BLANKS) or bool(re.match(_IGNORED, one))
