# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the page that lists every argument of a subscription: its release, what uWSGI reads and sends, and what proves it.

    python docs/arguments.py

It is made from the table that the code uses and from the marks ``proves`` of the tests.
"""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "docsite" / "rst" / "arguments.rst"
_HEAD = """\
..
  Copyright (c) 2026, the emperor.uwsgi authors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by docs/arguments.py. Change plugins/module_utils/_arguments/table.py or the tests' marks, and run it again.

.. _ansible_collections.emperor.uwsgi.docsite.arguments:

Every argument, and what proves it
==================================

What the arguments of ``emperor.uwsgi.uwsgi_subscription`` become, and the tests below ``tests/conformance`` that show it
with a real uWSGI: the option or field that it reads, and the fields of the announcements that it sends. Where nothing is
sent, the test shows what the router or the node does. What needs uWSGI 2.1 is refused for 2.0, which would ignore it
silently.
"""
_COLUMNS = ("Argument", "uWSGI", "Option, or field of subscribe2", "Announced as", "Proved by")


class _Proofs:
    """A pytest plugin that collects the marks and runs nothing."""

    def __init__(self) -> None:
        self.by_argument: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            test = f"{item.path.name}::{item.originalname}"
            for mark in item.iter_markers("proves"):
                for argument in mark.args:
                    if test not in self.by_argument[argument]:
                        self.by_argument[argument].append(test)


def proofs() -> dict[str, list[str]]:
    """The tests that prove each argument, by ``group.argument``.

    Raises:
        RuntimeError: when the tests can't be collected.
    """
    found = _Proofs()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        tests = ROOT / "tests" / "conformance"
        code = pytest.main(["--collect-only", "-qq", "--rootdir", str(ROOT), str(tests)], plugins=[found])
    if code:
        raise RuntimeError(said.getvalue())
    return found.by_argument


def page() -> str:
    """The page as reStructuredText.

    Raises:
        KeyError: for an argument that no test proves.
    """
    proved = dict(proofs())
    parts = [_HEAD]
    for group, rows in table.GROUPS.items():
        title = group if group != "subscriptions" else "subscriptions[]"
        parts.append(f"\n{title}\n{'-' * len(title)}\n\n.. list-table::\n   :header-rows: 1\n")
        parts += _row(_COLUMNS)
        for row in rows:
            tests = proved.pop(f"{group}.{row.argument}")
            parts += _row(
                (
                    f"``{row.argument}``",
                    "{}.{}".format(*row.since),
                    f"``{row.name}``",
                    ", ".join(f"``{field}``" for field in row.wire),
                    ", ".join(f"``{test}``" for test in tests),
                )
            )
    if proved:
        raise KeyError(f"tests prove arguments that are not in the table: {', '.join(proved)}")
    return "".join(parts)


def _row(cells: tuple[str, ...]) -> list[str]:
    lines = ["\n"]
    for at, cell in enumerate(cells):
        lines.append(f"   {'*' if at == 0 else ' '} - {cell}".rstrip() + "\n")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
