# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the benchmarks: python -m benchmarks [PART...]. ``_PARTS`` lists the parts.

It prints a table for each part, and fails if a line is not met. The results replace the figures of the same part in the
documentation, and the documentation's page and plot are made again from the figures of all parts.
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
    """Run the benchmarks; returns the exit code, 0 if every line is met."""
    site = ROOT / "docs" / "docsite"
    figures = site / "performance.json"
    machine = "a machine with {} cores, Python {} and ansible-core {}".format(
        os.cpu_count(), platform.python_version(), version("ansible-core")
    )
    # Read first, so that a broken file is found before anything is measured.
    parts = report.from_json(figures.read_text(encoding="utf-8"))
    met = True
    for name in sys.argv[1:] or _PARTS:
        print("measuring: " + name, file=sys.stderr)
        lines = importlib.import_module("benchmarks." + name).lines()
        print(report.table(lines), flush=True)
        met = met and all(line.met for line in lines)
        # Written after each part, since the next one may take an hour.
        parts[name] = report.Part(machine, lines)
        parts = {part: parts[part] for part in _PARTS if part in parts}
        figures.write_text(report.to_json(parts), encoding="utf-8")
        (site / "performance.svg").write_text(svg(report.groups(parts), _ALT), encoding="utf-8")
        (site / "rst" / "performance.rst").write_text(report.page(parts, _ALT), encoding="utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
