# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shorten the reference pages that antsibull-docs writes to what readers look for.

    python docs/trim.py FOLDER

- The page of a role begins with its entry point "main". Entry points that are private to the collection's playbooks are left out.
- Notes that are the same on all pages are left out, and so are the indexes, since one page lists all plugins.
- Beside the text, a plugin has its name alone, without its title.
- Authors and links are parts of the page, and not of its last part.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

_ROOT = Path(__file__).resolve().parents[1]
# How the description of an entry point ends that only the collection's playbooks call.
PRIVATE = "Private to the collection's playbooks."
_ENTRY = re.compile(r"^\.\. _ansible_collections\.emperor\.uwsgi\.\w+_role__entrypoint-(\w+):\n", re.MULTILINE)
_LINKS = "\n.. Extra links\n"
# With the theme, the contents of a page are beside it.
_CONTENTS = re.compile(r"^\.\. contents::.*\n(?:[ ].*\n)*\n", re.MULTILINE)
_COLLECTION = re.compile(r"^\.\. Collection note\n\n\.\. note::\n(?:(?:[ ].*)?\n)+", re.MULTILINE)
_ACTION = re.compile(r"^\.\. note::\n +This \w+ has a corresponding :ref:`action plugin <action_plugins>`\.\n\n", re.MULTILINE)
_HEADING = re.compile(r"^(?:Synopsis|Parameters)\n\^+\n\n|^Authors\n\^+\n\n(?:- .*\n)+", re.MULTILINE)
_LAST = re.compile(r"^(Authors|Collection links)\n(~+)$", re.MULTILINE)
_NOTES = re.compile(r"^=+\n.+ Release Notes\n=+$", re.MULTILINE)
_TREE = re.compile(r"^    ((\w+)_(?:module|filter|inventory|lookup|role))$", re.MULTILINE)
_ROLES = ".. _role_plugins_in_emperor.uwsgi:\n"
_INDEX = """\
.. _plugins_in_emperor.uwsgi:

Plugins and roles
=================

"""


def private(specs: dict[str, dict[str, object]]) -> set[str]:
    """The entry points of a role that only the collection's playbooks call."""
    return {name for name, one in specs.items() if PRIVATE in str(one["description"])}


def trimmed(text: str) -> str:
    """The page of any plugin or guide, or the changelog."""
    for pattern in (_CONTENTS, _COLLECTION, _ACTION):
        text = pattern.sub("", text)
    text = _LAST.sub(lambda found: f"{found[1]}\n{'-' * len(found[2])}", text)
    return _NOTES.sub("=========\nChangelog\n=========", text)


def role_page(text: str, left_out: set[str]) -> str:
    """The page of a role: the entry point "main", and then the others in the order of their names.

    Raises:
        ValueError: for a page that isn't written as expected.
    """
    head, *parts = _ENTRY.split(text)
    # What comes after the last of them.
    last, links, rest = parts[-1].partition(_LINKS)
    if not links:
        raise ValueError("a page of a role without links at its end")
    parts[-1] = last
    found = [(name, content) for name, content in zip(parts[::2], parts[1::2]) if name not in left_out]
    found.sort(key=lambda one: (one[0] != "main", one[0]))
    anchors = dict(zip(parts[::2], _ENTRY.finditer(text)))
    return head + "".join(anchors[name][0] + _HEADING.sub("", content) for name, content in found) + links + rest


def index_page(text: str) -> str:
    """The list of all plugins: roles first, and nothing about the collection, which the front page is about."""
    dummy, first, plugins = text.partition(".. _module_plugins_in_emperor.uwsgi:\n")
    plugins, second, roles = plugins.partition(_ROLES)
    if not first or not second:
        raise ValueError("a list of plugins without modules or roles")
    roles = roles.partition("\n.. seealso::")[0]
    roles = re.sub(r"Role Index\n-+\n\n.*\n", "Roles\n-----\n", roles)
    plugins = re.sub(r"^(.+)\n(~+)$", lambda found: f"{found[1]}\n{'-' * len(found[2])}", plugins, flags=re.MULTILINE)
    return _INDEX + second + roles.rstrip() + "\n\n" + first + _TREE.sub(r"    \2 <\1>", plugins)


def main(folder: Path) -> None:
    """Shorten all pages in a folder."""
    for path in [*folder.glob("index_*.rst"), folder / "deprecations.rst"]:
        path.unlink()
    pages = folder / "emperor" / "uwsgi"
    for path in pages.rglob("*.rst"):
        path.write_text(trimmed(path.read_text(encoding="utf-8")), encoding="utf-8")
    for path in (_ROOT / "roles").iterdir():
        specs = yaml.safe_load((path / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
        page = pages / f"{path.name}_role.rst"
        page.write_text(role_page(page.read_text(encoding="utf-8"), private(specs)), encoding="utf-8")
    index = pages / "index.rst"
    index.write_text(_TREE.sub(r"    \2 <\1>", index_page(index.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
