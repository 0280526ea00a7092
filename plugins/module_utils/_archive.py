# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules of the collection in one zip file, for programs that hosts run without Ansible. Pure but for the modules' sources."""

from __future__ import annotations

import ast
import io
import sys
import zipfile
from types import ModuleType
from typing import Any, Dict, Iterator

# The first that the format knows: an archive of the same sources is the same to the byte.
_DATE = (1980, 1, 1, 0, 0, 0)


def pack(name: str, entry: str, text: str) -> bytes:
    """A module and all of the collection that it imports, as a zip file.

    Args:
        name: the module, imported already.
        entry: the file at the top of the archive that uses it, and its ``text``.
    """
    sources = {entry: text}
    for one, source in parts(name).items():
        package = one.rpartition(".")[0]
        while package:
            sources[package.replace(".", "/") + "/__init__.py"] = ""
            package = package.rpartition(".")[0]
        sources[one.replace(".", "/") + ".py"] = source
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, source in sorted(sources.items()):
            info = zipfile.ZipInfo(path, _DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, source)
    return buffer.getvalue()


def parts(name: str) -> Dict[str, str]:
    """A module of the collection and those that it imports from beside itself, imported already: their names and sources."""
    found: Dict[str, str] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = _source(sys.modules[one])
            waiting += _imported(one, found[one])
    return found


def _imported(name: str, source: str) -> Iterator[str]:
    """What a module imports relatively, which inside the collection is all that it imports of the collection."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join([name.rsplit(".", node.level)[0], *([node.module] if node.module else [])])
            # "from . import datagram" names modules, "from .datagram import encode" what is in one.
            modules = [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in sys.modules]
            yield from modules or [base]


def _source(module: ModuleType) -> str:
    """The source of a module, which may be in an archive itself, as it is in a task."""
    loader: Any = module.__spec__.loader if module.__spec__ else None
    source: str = loader.get_source(module.__name__)
    return source
