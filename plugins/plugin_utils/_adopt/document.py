# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables with comments to a YAML file that Ansible reads as it was meant. Pure.

What may be a template is tagged ``!unsafe``, so that Ansible never evaluates a text that came from a host.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import mask
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen

_WIDTH = 120
_STEP = "  "
# Text that needs no quotes wherever it is.
_PLAIN = re.compile(r"(?!\.\.\.)[A-Za-z0-9_/.][A-Za-z0-9_/.+@-]*(?::[A-Za-z0-9_/.+@-]+)*\Z")
_TEXT = "tag:yaml.org,2002:str"
_RESOLVER = yaml.resolver.Resolver()
# That of C is many times as fast with a long text.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_NO_WIDTH = 2**31 - 1
# Of a comment.
_MOST_WORDS = 2000
# What Ansible may take for a template.
_TEMPLATE = ("{{", "{%", "{#", "#jinja2:")


class Note(str):
    """A comment at its place in a mapping or a list."""


class Rows(list[Any]):
    """A mapping in its order: pairs of a name and a value, and notes."""


def text(head: Sequence[str], rows: Rows) -> str:
    """A file.

    Args:
        head: the lines of its first comment, each of which is wrapped by itself.
    """
    lines = [line for one in head for line in _comment(one, "")]
    return "\n".join([*lines, "---", *_mapping(rows, "")]) + "\n"


def _mapping(rows: Rows, indent: str) -> Iterator[str]:
    for row in rows:
        if isinstance(row, Note):
            yield from _comment(row, indent)
        else:
            name, value = row
            yield from _member(f"{indent}{_scalar(name)}:", value, indent)


def _member(begin: str, value: Any, indent: str) -> Iterator[str]:
    """A value behind what it begins with, on the same line where it's a single one."""
    if isinstance(value, Mapping):
        value = Rows(value.items())
    if isinstance(value, Rows):
        yield from _nested(begin, value, indent + _STEP, "{}", _mapping)
    elif isinstance(value, (list, tuple)):
        yield from _nested(begin, value, indent + _STEP, "[]", _items)
    else:
        yield f"{begin} {_scalar(value)}"


def _nested(begin: str, value: Any, indent: str, empty: str, lines: Any) -> Iterator[str]:
    """What has members; of one that has only comments these come first."""
    if all(isinstance(one, Note) for one in value):
        for note in value:
            yield from _comment(note, indent[: -len(_STEP)])
        yield f"{begin} {empty}"
    else:
        yield begin
        yield from lines(value, indent)


def _items(items: Sequence[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Note):
            yield from _comment(item, indent)
            continue
        value = Rows(item.items()) if isinstance(item, Mapping) else item
        if not isinstance(value, Rows):
            yield f"{indent}- {_scalar(value)}"
            continue
        lines = list(_mapping(value, indent + _STEP))
        first = next((at for at, line in enumerate(lines) if not line.lstrip().startswith("#")), None)
        if first is None:
            yield from lines
            continue
        # Comments in front of its first member stand in front of it.
        yield from (indent + line.lstrip() for line in lines[:first])
        yield indent + "- " + lines[first][len(indent + _STEP) :]
        yield from lines[first + 1 :]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and any(one in value for one in _TEMPLATE):
        return "!unsafe " + _dumped(value, '"')
    return _dumped(value)


def _dumped(value: Any, style: str | None = None) -> str:
    shows = True
    if isinstance(value, str):
        # A value that is unsafe, or has another mark, is only its text here.
        value = str(value)
        # What can't be seen, or has other text look different, would be read over.
        shows = value.isprintable() and seen(value) == value
        style = style if shows else '"'
        # Nearly all of them; to dump one takes a hundred times as long.
        if style is None and _PLAIN.match(value) and _RESOLVER.resolve(yaml.ScalarNode, value, (True, False)) == _TEXT:
            return str(value)
    else:
        style = None
    found: str = yaml.dump(value, Dumper=_DUMPER, default_style=style, allow_unicode=shows, width=_NO_WIDTH)
    return found.removesuffix("\n").removesuffix("\n...")


def _comment(given: str, indent: str) -> list[str]:
    words = seen(mask(str(given)))
    if len(words) > _MOST_WORDS:
        words = words[:_MOST_WORDS] + "..."
    if not words:
        return [indent + "#"]
    width = max(40, _WIDTH - len(indent) - 2)
    if len(words) <= width and words.isprintable() and words == words.strip():
        return [f"{indent}# {words}"]
    return [f"{indent}# {line}" for line in textwrap.wrap(words, width, break_on_hyphens=False)]
