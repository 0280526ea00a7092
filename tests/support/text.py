# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies that several tests share, and how text is compared."""

from __future__ import annotations

from hypothesis import strategies as st

# Text that is special to one of uWSGI's parsers, including the names of VARIABLES.
_SPECIAL = st.sampled_from([*"%%%$$@@((())),,=\\\\;#\"' \t\r\v\f[]{}~!:/adk", "$(a)", "@(d)"])
_OTHER = st.characters(codec="utf-8", exclude_characters="\n\0")
# Text that a line could hold: line breaks and NUL have tests of their own. Lists, since an alphabet would choose each
# special character only as rarely as any other character.
TEXT = st.lists(st.one_of(_SPECIAL, _OTHER), max_size=16).map("".join)
# The environment of a uWSGI, which shows whether it reads variables from there.
VARIABLES = {"a": "expanded", "d": "expanded", "k": "expanded"}


def is_said(words: str, text: str) -> bool:
    """Whether a text is as expected; where "..." stands in the words, there may be anything."""
    begin, dots, end = words.partition("...")
    return text == words or (bool(dots) and text.startswith(begin) and text.endswith(end))
