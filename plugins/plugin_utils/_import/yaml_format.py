# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML files as uWSGI reads them, which does so in two ways (``uwsgi_yaml_config``, core/yaml.c). Pure.

A uWSGI that was built with libyaml, as Debian's, walks over YAML's tokens; the scanner of PyYAML is the same. One that wasn't, as
builds from PyPI, reads line by line, knows neither lists nor quotes, and stops at the first line that it doesn't know. What the
first reads is given back, with a note where the second doesn't read the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from .problems import MOST_DEPTH, MOST_ROWS, NotReadError

# What a scalar is after each token. Libyaml's tokens have these classes, too.
_KEY, _VALUE, _ENTRY = 1, 2, 3
_STATES = {
    "KeyToken": _KEY,
    "ValueToken": _VALUE,
    **dict.fromkeys(("FlowSequenceStartToken", "BlockSequenceStartToken", "FlowEntryToken", "BlockEntryToken"), _ENTRY),
}
_LIBYAML = "is read so by a uWSGI that was built with libyaml, such as Debian's; others, such as PyPI's, read no quotes or lists"
_OTHERS = "is read so only by a uWSGI without libyaml, such as PyPI's; with libyaml it is something else"
_STOPPED = "is on or after a value with an anchor or a tag, where a uWSGI with libyaml stops reading"
_BRACES = "has the section [{}] in braces, of which uWSGI reads nothing in YAML; write one option a line"
_OPEN = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_CLOSE = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


def rows(text: str, section: str) -> tuple[list[tuple[str, str, str, str]], dict[int, str]]:
    """Sections, options, values and flaws of a text, and notes on rows that not every uWSGI reads alike."""
    tokens = _tokens(text)
    read = list(_options(tokens, section))
    found = [(section, name, value, flaw) for name, value, flaw in read]
    by_line = list(_by_line(text, section))
    left = Counter(by_line)
    notes: dict[int, str] = {}
    for at, (name, value, dummy) in enumerate(read):
        if left[name, value]:
            left[name, value] -= 1
        else:
            notes[at] = _LIBYAML
    for pair in by_line:
        if left[pair]:
            left[pair] -= 1
            found.append((section, *pair, _OTHERS))
    sections = _sections(tokens)
    if section in sections and sections[section].braces and not found:
        raise NotReadError(_BRACES.format(section))
    for name, place in sections.items():
        if name != section:
            found += [(name, *option) for option in _options(tokens[place.begin : place.end], name)]
            if len(found) > MOST_ROWS:
                raise NotReadError(f"has more than {MOST_ROWS} options")
    return found, notes


def _tokens(text: str) -> list[yaml.Token]:
    found: list[yaml.Token] = []
    depth = 0
    try:
        for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(token, _OPEN) - isinstance(token, _CLOSE)
            found.append(token)
            if depth > MOST_DEPTH or len(found) > 4 * MOST_ROWS:
                raise NotReadError(f"has more than {4 * MOST_ROWS} words of YAML, or more than {MOST_DEPTH} levels")
    except yaml.YAMLError as error:
        problem = " ".join(str(getattr(error, "problem", None) or getattr(error, "reason", "")).split())
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise NotReadError(f"is not YAML{place}, so a uWSGI with libyaml doesn't start with it: {problem}") from None
    return found


class _Section(NamedTuple):
    """A section's tokens, from its key on, and whether it is in braces."""

    begin: int
    end: int
    braces: bool


def _sections(tokens: list[yaml.Token]) -> dict[str, _Section]:
    """The keys on the first level under which there is a mapping or a list; of several with one name the first."""
    found: dict[str, _Section] = {}
    depth = key = 0
    name = ""
    opened: yaml.Token | None = None
    for at, token in enumerate(tokens):
        if isinstance(token, _OPEN):
            if depth == 1:
                opened = token
            depth += 1
        elif isinstance(token, _CLOSE):
            depth -= 1
            if depth == 1 and name:
                # In front of a key is the token that says that it is one.
                found.setdefault(name, _Section(key - 1, at + 1, isinstance(opened, yaml.FlowMappingStartToken)))
        elif isinstance(token, yaml.ScalarToken) and depth == 1:
            name, key = token.value, at
    return found


def _options(tokens: list[yaml.Token], asked: str) -> Iterator[tuple[str, str, str]]:
    """Options, values and flaws of a section, by libyaml's tokens; ``state`` is what uWSGI calls ``status``."""
    state, key, inside, flaw = 0, None, 0, ""
    for token in tokens:
        if isinstance(token, yaml.ScalarToken):
            if state == _KEY:
                key = token.value
                continue
            if state not in (_VALUE, _ENTRY):
                # An anchor or a tag is before it: uWSGI stops here. What comes is read on to be given back.
                flaw = _STOPPED
            if key is not None and inside:
                yield key, token.value, flaw
            if state != _ENTRY:
                key, state = None, 0
        elif isinstance(token, yaml.BlockMappingStartToken):
            inside += 1 if inside or key == asked else 0
        elif isinstance(token, (yaml.BlockEndToken, yaml.FlowSequenceEndToken)):
            if inside == 1:
                return
            inside, key, state = max(0, inside - 1), None, 0
        else:
            inside += 1 if inside and isinstance(token, (yaml.FlowSequenceStartToken, yaml.BlockSequenceStartToken)) else 0
            state = _STATES.get(type(token).__name__, 0)


def _by_line(text: str, asked: str) -> Iterator[tuple[str, str]]:
    """Options and values of a section, for a uWSGI that reads line by line."""
    inside = False
    for whole in text.split("\n"):
        line = whole.partition("#")[0]
        if not line:
            continue
        stripped = line.lstrip(" \t\r")
        # Only whether there is something in front matters: sections begin at the margin.
        indented = len(stripped) < len(line)
        if inside and not indented:
            return
        if indented and not inside:
            continue
        if not stripped:
            continue
        if stripped[0] in "-[{":
            if inside:
                return
            continue
        if not inside:
            name, colon, dummy = stripped.partition(":")
            inside = bool(colon) and name == asked
            continue
        name, separator, value = _pair(stripped)
        if not separator:
            return
        yield name.rstrip(" \t"), value.lstrip(" \t\r").rstrip(" \t")


def _pair(line: str) -> tuple[str, str, str]:
    """What is before and behind the first colon with a blank."""
    found = line.partition(": ")
    return found if found[1] else line.partition(":\t")
