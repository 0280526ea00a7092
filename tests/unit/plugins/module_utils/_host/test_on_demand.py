# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of on-demand vassals: what the Emperor can bind, and the files that it reads them from."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import Any, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.on_demand import on_demand_address
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.plan import Change, Plan, Wanted
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import on_demand
from hypothesis import given
from hypothesis import strategies as st
from support.files import NOBODY, OLD, needs_root, put

MARKER = b"; a marker\n"


def emperors(content: bytes) -> bytes:
    """What the Emperor reads from a file: up to the first char below 32, which are signed (emperor_check_on_demand_socket)."""
    for at, byte in enumerate(content):
        if (byte if byte < 128 else byte - 256) < 32:
            return content[:at]
    return content


@given(st.text(string.printable + "\u00fc\x7f\0", min_size=1, max_size=30), st.booleans())
def test_the_emperor_reads_every_address_that_is_taken(text: str, absolute: bool) -> None:
    try:
        found = on_demand_address("a", "/" + text if absolute else text)
    except ArgumentError:
        return
    assert emperors(on_demand.wanted("a.ini", "vassals[0]", found, MARKER).content) == found.encode("ascii")


def test_an_address_has_a_file_that_everybody_may_read() -> None:
    owner = 0 if os.geteuid() == 0 else None
    expected = Wanted(
        "a.ini.socket", b"127.0.0.1:1\n" + MARKER, "vassals[3].on_demand", owner, None, 0o644
    )
    assert on_demand.wanted("a.ini", "vassals[3]", "127.0.0.1:1", MARKER) == expected
    assert on_demand.wanted("a" * 244 + ".ini", "", "127.0.0.1:1", MARKER).name == "a" * 244 + ".ini.socket"
    with pytest.raises(ArgumentError, match="is too long for an on-demand vassal; give at most 244 characters"):
        on_demand.wanted("a" * 245 + ".ini", "vassals[3]", "127.0.0.1:1", MARKER)


def change(name: str) -> Change:
    return Change(name, None, None, None, None, {})


def plan(created: str = "", updated: str = "", removed: str = "", unchanged: str = "") -> Plan:
    """A plan of vassals; a name with a star is a file with an address."""
    created_, updated_, removed_, unchanged_ = (
        [name.replace("*", "") + ".ini" + (".socket" if "*" in name else "") for name in names.split()]
        for names in (created, updated, removed, unchanged)
    )
    changes = [[change(name) for name in names] for names in (created_, updated_, removed_)]
    return Plan(changes[0], changes[1], changes[2], unchanged_)


NAMES = [
    (plan("a", "b", "c", "d e"), (["a"], ["b"], ["c"], ["d", "e"])),
    (plan(created="*a a"), (["a"], [], [], [])),
    (plan(created="*a", unchanged="a b"), ([], ["a"], [], ["b"])),
    (plan(updated="*a", unchanged="b a"), ([], ["a"], [], ["b"])),
    (plan(updated="*a a"), ([], ["a"], [], [])),
    (plan(removed="*a a"), ([], [], ["a"], [])),
    (plan(removed="*a", unchanged="a"), ([], ["a"], [], [])),
    (plan(unchanged="*a a"), ([], [], [], ["a"])),
]


@pytest.mark.parametrize(("given_", "expected"), NAMES)
def test_a_change_of_an_address_is_one_of_its_vassal(given_: Plan, expected: Any) -> None:
    assert tuple(on_demand.Addresses.names(given_)) == expected


def test_without_an_emperor_nothing_is_outdated(tmp_path: Path) -> None:
    assert on_demand.outdated(str(tmp_path / "none.sock"), str(tmp_path), {"a.ini": "127.0.0.1:1"}) == []


def test_a_second_name_of_one_file_keeps_no_other_vassal_from_being_renewed(tmp_path: Path) -> None:
    folder = tmp_path / "vassals"
    folder.mkdir()
    files = [put(folder / name, "[uwsgi]\n") for name in ("a.ini", "b.ini")]
    os.link(str(files[0]), str(tmp_path / "second"))
    on_demand.renew(str(tmp_path / "none.sock"), str(folder), ["a.ini", "b.ini"])
    assert sorted(os.listdir(str(folder))) == ["a.ini", "b.ini"]
    # Only the other one has a later time.
    assert [path.stat().st_mtime > OLD for path in files] == [False, True]


# Owner, group and mode of a folder, and who else can change it.
FOLDERS: List[Tuple[int, int, int, Optional[str]]] = [
    (0, 0, 0o755, None),
    (0, 0, 0o775, None),
    (0, NOBODY, 0o755, None),
    (0, NOBODY, 0o775, "several users"),
    (0, 0, 0o757, "several users"),
    # In such a folder somebody else may create a socket of that name first.
    (0, 0, 0o1777, "several users"),
    (NOBODY, 0, 0o755, "nobody"),
]


@needs_root
@pytest.mark.parametrize(("uid", "gid", "bits", "who"), FOLDERS)
def test_a_tyrant_binds_in_folders_of_roots_alone(tmp_path: Path, uid: int, gid: int, bits: int, who: Optional[str]) -> None:
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    os.chown(folder, uid, gid)
    folder.chmod(bits)
    if who is None:
        on_demand.refuse_open_folder("vassals[0]", str(folder / "a.sock"))
        return
    with pytest.raises(ArgumentError) as caught:
        on_demand.refuse_open_folder("vassals[0]", str(folder / "a.sock"))
    assert caught.value.path == "vassals[0].on_demand"
    assert caught.value.problem == (
        f"{folder} can be changed by {who}, and a tyrant Emperor binds the socket as root; give one in a folder of root's own, "
        "such as the Emperor's /run/emperor-uwsgi"
    )


@needs_root
def test_the_folders_above_one_count_too(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "roots").mkdir(parents=True)
    os.chown(tmp_path / "theirs", NOBODY, NOBODY)
    with pytest.raises(ArgumentError, match=f"{tmp_path}/theirs can be changed by nobody"):
        on_demand.refuse_open_folder("vassals[0]", str(tmp_path / "theirs" / "roots" / "a.sock"))


@pytest.mark.parametrize("address", ["{}/not-there/a.sock", "127.0.0.1:1", "a.sock"])
def test_what_is_in_no_folder_that_is_there_is_let_pass(tmp_path: Path, address: str) -> None:
    on_demand.refuse_open_folder("vassals[0]", address.format(tmp_path))
