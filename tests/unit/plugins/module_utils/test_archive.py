# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archives of programs: everything in the collection that a module imports, and the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.module_utils import _archive, _visible
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram, unsubscribe

BASE = "ansible_collections.emperor.uwsgi.plugins.module_utils."


def test_a_module_and_what_it_imports_is_in_it_and_nothing_else() -> None:
    found = {name[len(BASE) :] for name in _archive.parts(unsubscribe.__name__)}
    assert {"_node.unsubscribe", "_node.datagram", "_node.signature", "_errors"} <= found
    assert not [name for name in found if name.startswith(("_run", "_module", "_live", "_host"))]
    assert list(_archive.parts(_visible.__name__)) == [_visible.__name__]


def test_it_is_always_the_same_and_each_package_can_be_imported() -> None:
    first = _archive.pack(datagram.__name__, "entry.py", "import this\n")
    assert first == _archive.pack(datagram.__name__, "entry.py", "import this\n")
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        names = set(archive.namelist())
        assert archive.read("entry.py") == b"import this\n"
        own = "ansible_collections/emperor/uwsgi/plugins/module_utils/_node/"
        assert archive.read(own + "datagram.py") == Path(datagram.__file__).read_bytes()
        assert archive.read(own + "__init__.py") == b""
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o644}
    for name in names - {"entry.py"}:
        folder = name.rpartition("/")[0]
        while folder:
            assert folder + "/__init__.py" in names
            folder = folder.rpartition("/")[0]
