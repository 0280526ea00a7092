# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the benchmarks: python -m benchmarks [PART...], parts being those of ``_PARTS``.

Prints the table, and fails where a line is not met. When all parts ran, writes the page of the documentation, its
plot, and all figures as JSON.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from importlib.metadata import version

from benchmarks import report
from benchmarks.plot import svg
from support.modules import ROOT

_PARTS = ("vassals", "keys", "roles", "running", "drains", "rolling", "large", "fleets", "live")
_ALT = "Seconds for many vassals and keys in one task, beside loops that do the same"


def main() -> int:
    """The exit code: 0 where every line is met."""
    parts = sys.argv[1:] or list(_PARTS)
    lines = []
    for part in parts:
        print("measuring: " + part, file=sys.stderr)
        lines += importlib.import_module("benchmarks." + part).lines()
    print(report.table(sorted(lines, key=lambda line: line.number)))
    if set(parts) == set(_PARTS):
        lines.sort(key=lambda line: line.number)
        machine = "a machine with {} cores, Python {} and ansible-core {}".format(
            os.cpu_count(), platform.python_version(), version("ansible-core")
        )
        site = ROOT / "docs" / "docsite"
        (site / "performance.json").write_text(report.to_json(lines, machine), encoding="utf-8")
        (site / "performance.svg").write_text(svg(report.groups(lines), _ALT), encoding="utf-8")
        (site / "rst" / "performance.rst").write_text(report.page(lines, machine, _ALT), encoding="utf-8")
    return 0 if all(line.met for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
