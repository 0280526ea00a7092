# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print the page that describes the playbooks, from the comment at the top of each of them.

    python docs/playbooks.py

A comment is sentences, and then a line for each variable: three blanks, its name, two or more blanks, what it is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PLAYBOOKS = Path(__file__).resolve().parents[1] / "playbooks"
_HEAD = """\
.. _emperor.uwsgi.playbooks:

Playbooks
=========

Run one by its name, ``ansible-playbook -i inventory.yml emperor.uwsgi.report``, or from a playbook of your own, with variables:

.. code-block:: yaml

    - name: Draw the live pools
      ansible.builtin.import_playbook: emperor.uwsgi.report
      vars:
        fastrouter_report_title: The shop
"""
# Options of commands, and names and paths with an underscore. Two hyphens outside of a literal would become a dash.
_LITERAL = re.compile(r"(?<![^\s(])(--?[a-z]+(?: --[a-z]+)*|[\w/.]*\w_[\w/.]*\w)")
_VARIABLE = re.compile(r"  ( *)(\w+) {2,}(.+)")


def comment(text: str) -> list[str]:
    """The lines of the first comment below the document's beginning, without their number sign."""
    found = []
    for line in text.partition("\n---\n")[2].splitlines():
        if not line.startswith("#"):
            break
        found.append(line[1:])
    return found


def described(text: str) -> tuple[str, dict[str, str]]:
    """A playbook's description, and that of each of its variables.

    Raises:
        ValueError: when there is none, or a text below the variables.
    """
    words: list[str] = []
    variables: dict[str, str] = {}
    for line in comment(text):
        match = _VARIABLE.match(line)
        if match:
            variables[match.group(2)] = match.group(3)
        elif variables:
            if not line.startswith("   "):
                raise ValueError(f"a playbook with a text below its variables: {line}")
            variables[list(variables)[-1]] += " " + line.strip()
        else:
            words.append(line.strip())
    if not words:
        raise ValueError("a playbook without a description")
    return " ".join(words), variables


def marked(text: str) -> str:
    """A description with its options and names as literals."""
    return _LITERAL.sub(r"``\1``", text)


def page() -> str:
    """The page as reStructuredText."""
    parts = [_HEAD]
    for path in sorted(PLAYBOOKS.glob("*.yml")):
        words, variables = described(path.read_text(encoding="utf-8"))
        title = "emperor.uwsgi." + path.stem
        parts.append(f"\n{title}\n{'-' * len(title)}\n\n{marked(words)}\n")
        if variables:
            parts.append("\n.. list-table::\n   :header-rows: 1\n\n   * - Variable\n     - What it is\n")
        parts += [f"   * - ``{name}``\n     - {marked(what)}\n" for name, what in variables.items()]
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
