# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports from the archive in which Ansible sends a module. Without Ansible.

Python compiles each module of an archive twice: first in ``zipimporter.get_filename``, only to say where it is, and then to run
it (Lib/zipimport.py, of every release up to now). Compiling is most of a short run.
"""

from __future__ import annotations

import sys
from zipimport import zipimporter


class Importer(zipimporter):
    """Compiles each module once. The archive must have sources only, as Ansible's do."""

    def get_filename(self, fullname: str) -> str:
        """The path of a module; raises ZipImportError if it isn't there."""
        end = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{end}"


def compile_once() -> None:
    """From now on, compile modules once that come from the archive of this one. Without an archive, nothing happens."""
    archive = getattr(__spec__ and __spec__.loader, "archive", None)
    if archive is None:
        return

    def is_inside(path: str) -> bool:
        return path == archive or path.startswith(archive + "/")

    def hook(path: str) -> Importer:
        if not is_inside(path):
            raise ImportError(path)
        return Importer(path)

    sys.path_hooks.insert(0, hook)
    for path in list(filter(is_inside, sys.path_importer_cache)):
        # Those of Python's own importer.
        del sys.path_importer_cache[path]
