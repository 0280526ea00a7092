# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs modules of the collection into one zip file, for programs that run without Ansible. Pure, but reads their sources."""

from __future__ import annotations

import ast
import io
import sys
import zipfile
from types import ModuleType
from typing import Any, Dict, Iterator

# The earliest date that the format allows: the same sources make the same archive, byte for byte.
_DATE = (1980, 1, 1, 0, 0, 0)


def pack(name: str, entry: str, text: str) -> bytes:
    """Pack a module and everything that it imports from the collection into a zip file.

    Args:
        name: the module, which is already imported.
        entry: the name of the file at the top of the archive that uses it; ``text`` is its content.
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
    """Names and sources of a module and of all that it imports relatively; they are already imported."""
    found: Dict[str, str] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = _source(sys.modules[one])
            waiting += _imported(one, found[one])
    return found


def _imported(name: str, source: str) -> Iterator[str]:
    """The relative imports of a module. Inside the collection, all imports of the collection are relative."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join([name.rsplit(".", node.level)[0], *([node.module] if node.module else [])])
            # "from . import datagram" names modules, "from .datagram import encode" what is in one.
            modules = [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in sys.modules]
            yield from modules or [base]


def _source(module: ModuleType) -> str:
    """The source of a module, which may itself be in an archive when a task runs."""
    loader: Any = module.__spec__.loader if module.__spec__ else None
    source: str = loader.get_source(module.__name__)
    return source
