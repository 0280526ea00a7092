# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wheels of packages that are installed, so that pip can install them elsewhere without a network."""

from __future__ import annotations

import zipfile
from importlib import metadata
from pathlib import Path


def write(folder: Path, *names: str) -> None:
    """Write a wheel of each package; raises PackageNotFoundError."""
    folder.mkdir(exist_ok=True)
    for name in names:
        found = metadata.distribution(name)
        tag = (found.read_text("WHEEL") or "").partition("Tag: ")[2].split()[0]
        project = found.metadata["Name"].replace("-", "_")
        # Without the package's programs, and without this Python's bytecode.
        files = [one for one in found.files or [] if ".." not in one.parts and one.suffix != ".pyc" and one.name != "RECORD"]
        info = next(one.parent for one in files if one.name == "WHEEL" and one.parent.name.endswith(".dist-info"))
        with zipfile.ZipFile(folder / f"{project}-{found.version}-{tag}.whl", "w") as wheel:
            for one in files:
                wheel.write(str(found.locate_file(one)), str(one))
            wheel.writestr(f"{info}/RECORD", "".join(f"{one},,\n" for one in [*files, f"{info}/RECORD"]))
