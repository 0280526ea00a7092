# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that somebody else wrote, read by the module as Ansible runs it."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

import pytest
from support import keys, modules
from support.files import NOBODY, needs_root, passable, snapshot


def read(*paths: object, **more: Any) -> modules.Result:
    return modules.run("uwsgi_config_info", {"paths": [str(path) for path in paths], **more})


def texts(found: modules.Result) -> dict[str, str]:
    return {Path(one["path"]).name: one["text"] for one in found.data["files"]}


def test_the_vassals_of_folders_files_and_patterns_are_read(tmp_path: Path) -> None:
    for name in ("a.ini", "b.yml", "c.yaml", "d.json", "e.js", "f.xml", "g.txt", ".h.ini", "i.ini~"):
        (tmp_path / name).write_text(name, encoding="ascii")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "uwsgi.ini").write_text("sub", encoding="ascii")
    (tmp_path / "sub.ini").mkdir()
    before = snapshot(tmp_path)
    found = read(
        tmp_path, tmp_path / "g.txt", tmp_path / "*" / "uwsgi.ini", tmp_path / "a.ini", tmp_path / "gone", tmp_path / "x*"
    )
    assert (found.failed, found.changed) == (False, False)
    names = ["a.ini", "b.yml", "c.yaml", "d.json", "e.js", "f.xml", "sub.ini", "g.txt", "uwsgi.ini"]
    assert [Path(one["path"]).name for one in found.data["files"]] == names
    assert texts(found)["g.txt"] == "g.txt"
    assert "not a regular file" in next(one["error"] for one in found.data["files"] if one["path"].endswith("sub.ini"))
    assert found.data["absent"] == [str(tmp_path / "gone"), str(tmp_path / "x*")]
    assert found.data["files"][0]["owner"] == getpass.getuser()
    assert snapshot(tmp_path) == before


def test_what_is_included_is_read_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("a", encoding="ascii")
    (tmp_path / "common").write_text("c", encoding="ascii")
    path, common, gone = (str(tmp_path / name) for name in ("a.ini", "common", "gone"))
    [one] = read(path, included={path: [common, gone]}).data["files"]
    assert one["others"] == {common: "c"}
    assert one["missing"] == {gone: "can't be read: No such file or directory"}


def test_what_the_collection_wrote_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("; Managed by Ansible, emperor.uwsgi.uwsgi_vassals\n[uwsgi]\n", encoding="ascii")
    found = read(tmp_path)
    assert (found.data["files"], found.data["managed"]) == ([], [str(tmp_path / "a.ini")])


def test_one_that_can_not_be_read_is_alone(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_bytes(b"\xff")
    (tmp_path / "b.ini").write_bytes(b"x" * (2**20 + 1))
    os.mkfifo(tmp_path / "c.ini")
    (tmp_path / "d.ini").symlink_to("nowhere")
    (tmp_path / "e.ini").write_text("e", encoding="ascii")
    (tmp_path / "f.ini").write_text("f", encoding="ascii")
    (tmp_path / "f.ini").chmod(0o666)
    found = read(tmp_path)
    assert texts(found) == {"a.ini": "", "b.ini": "", "c.ini": "", "d.ini": "", "e.ini": "e", "f.ini": ""}
    errors = [one["error"] for one in found.data["files"]]
    words = [
        "is not UTF-8",
        "more than 1048576 bytes",
        "not a regular file",
        "No such file",
        "",
        "can be changed by several users",
    ]
    assert [one for one, error in zip(words, errors) if one not in error] == []


def test_no_key_is_returned(tmp_path: Path) -> None:
    private = keys.private("ec")
    (tmp_path / "a.ini").write_text("[uwsgi]\nenv = KEY=" + private, encoding="ascii")
    found = read(tmp_path)
    assert private.splitlines()[1] not in found.output
    assert "[PEM not shown]" in texts(found)["a.ini"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"paths": ["etc/uwsgi"]}, "paths[0]: 'etc/uwsgi' is not absolute"),
        ({"paths": ["/gone"], "included": {"/a.ini": "x"}}, "included[/a.ini]: must be a list of absolute paths"),
        ({"paths": ["/gone"], "included": {"/a.ini": ["x"]}}, "included[/a.ini]: must be a list of absolute paths"),
        ({"paths": ["/gone"], "included": {"/a.ini": ["/x"] * 257}}, "included[/a.ini]: has more than 256 files"),
    ],
)
def test_what_can_not_be_is_refused(arguments: dict[str, Any], words: str) -> None:
    found = modules.run("uwsgi_config_info", arguments)
    assert found.failed and words in found.msg, found.output


def test_what_is_too_much_is_left_out_and_the_rest_is_read(tmp_path: Path) -> None:
    """The owner of one file must not be able to keep other users' files from being read."""
    for at in range(33):
        (tmp_path / f"{at:02}.ini").write_bytes(b"x" * 2**20)
    (tmp_path / "99.ini").write_text("[uwsgi]\n", encoding="ascii")
    (tmp_path / "31.ini").write_bytes(b"x" * (2**20 - 100))
    found = read(tmp_path)
    assert not found.failed
    files = {os.path.basename(one["path"]): one for one in found.data["files"]}
    [left_out] = [name for name, one in files.items() if one["error"]]
    assert left_out == "32.ini" and files["99.ini"]["text"] == "[uwsgi]\n"
    assert files[left_out]["error"].startswith(
        "is left out, since the files have more than 33554432 characters; name it in paths"
    )


def test_what_a_file_includes_has_a_limit_of_its_own(tmp_path: Path) -> None:
    others = [tmp_path / f"{at}.inc" for at in range(4)]
    for other in others:
        other.write_bytes(b"x" * 2**20)
    (tmp_path / "a.ini").write_text("[uwsgi]\n", encoding="ascii")
    path = str(tmp_path / "a.ini")
    found = modules.run("uwsgi_config_info", {"paths": [path], "included": {path: list(map(str, others))}})
    [one] = found.data["files"]
    assert list(one["others"]) == [str(other) for other in others[:2]]
    assert {*one["missing"].values()} == {"is not read, since what is included has more than 2097152 characters"}


@needs_root
def test_a_tenant_has_only_read_what_is_the_tenant_s() -> None:
    """Root could read it, but follows neither a tenant's link nor an include in a tenant's file."""
    with passable() as folder:
        secret = folder / "secret"
        secret.write_text("of root", encoding="ascii")
        secret.chmod(0o600)
        vassals = folder / "vassals"
        vassals.mkdir()
        (vassals / "own.ini").write_text(f"[uwsgi]\ninclude = {secret}\n", encoding="ascii")
        os.chown(vassals / "own.ini", NOBODY, NOBODY)
        tenant = folder / "tenant"
        tenant.mkdir()
        (tenant / "link.ini").symlink_to(secret)
        os.chown(tenant, NOBODY, NOBODY)
        path = str(vassals / "own.ini")
        found = read(vassals, tenant, included={path: [str(secret)]})
    assert "of root" not in found.output
    own, link = found.data["files"]
    assert (own["owner"], own["others"]) == ("nobody", {})
    assert "Permission denied" in own["missing"][str(secret)]
    assert "can't be read" in link["error"]
