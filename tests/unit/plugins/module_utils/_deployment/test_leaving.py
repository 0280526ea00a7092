# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of vassals that leave, and the folder that remembers them. The way out is in conformance/test_deployment.py."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.leaving import Journal, Settings, Way, leaver
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes

SUBSCRIBE = "subscribe2 = server=127.0.0.1:1,key={key},addr=127.0.0.1:2"
SETTINGS = Settings("/nonexistent", [], 1, 1, False, lambda *dummy: b"")


def vassal(folder: Path, *lines: str) -> Path:
    path = folder / "shop.ini"
    path.write_text("\n".join(["[uwsgi]", *lines, ""]), encoding="ascii")
    return path


def test_what_a_vassal_announces_is_what_it_leaves(tmp_path: Path) -> None:
    path = vassal(tmp_path, SUBSCRIBE.format(key="a"), SUBSCRIBE.format(key="b"))
    found = leaver("shop", str(path))
    assert (found.name, found.pairs, found.problem) == ("shop", {("a", "127.0.0.1:2"), ("b", "127.0.0.1:2")}, "")
    assert found.besides([("a", "127.0.0.1:2")]).pairs == {("b", "127.0.0.1:2")}


def test_one_that_announces_nothing_leaves_nothing(tmp_path: Path) -> None:
    found = leaver("shop", str(vassal(tmp_path, "master = true")))
    assert (found.announcements, found.problem, list(found.suspend_files)) == ([], "", [])


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    found = leaver("shop", str(vassal(tmp_path, "subscribe-to = 127.0.0.1:1:a")))
    assert found.announcements == [] and "knows no suspend file" in found.problem
    warnings: list[str] = []
    Way(SETTINGS, [found], warnings.append)
    assert len(warnings) == 1 and "routers may keep it for up to 1 s" in warnings[0]


def test_the_journal_keeps_texts_until_they_are_forgotten(tmp_path: Path) -> None:
    path = vassal(tmp_path, SUBSCRIBE.format(key="a"))
    path.chmod(0o640)
    journal = Journal(str(tmp_path / "leaving"), Attributes(None, None, 0o711))
    assert journal.leavers() == []
    journal.remove(["shop"])
    journal.add([], str(tmp_path))
    assert not (tmp_path / "leaving").exists()
    journal.add(["shop"], str(tmp_path))
    kept = tmp_path / "leaving" / "shop.ini"
    assert (kept.read_bytes(), stat.S_IMODE(kept.stat().st_mode)) == (path.read_bytes(), 0o640)
    assert stat.S_IMODE(os.stat(tmp_path / "leaving").st_mode) == 0o711
    path.unlink()
    assert [(one.name, one.path, one.pairs) for one in journal.leavers()] == [("shop", str(kept), {("a", "127.0.0.1:2")})]
    journal.remove(["shop"])
    assert journal.leavers() == []


def test_reasons_of_one_that_comes_back_are_not_those_of_one_that_is_gone(tmp_path: Path) -> None:
    line = SUBSCRIBE.format(key="a") + f",check={tmp_path}/held"
    way = Way(SETTINGS, [leaver("shop", str(vassal(tmp_path, line)))], lambda dummy: None)
    way.silence()
    (tmp_path / "held" / "operator").touch()
    way.release(["other"])
    way.clear(["other"])
    assert sorted(os.listdir(tmp_path / "held")) == ["deploy", "operator"]
    way.release(["shop"])
    assert os.listdir(tmp_path / "held") == ["operator"]
    way.clear(["shop"])
    assert not (tmp_path / "held").exists()


def test_one_whose_suspend_folder_is_gone_leaves_all_the_same(tmp_path: Path) -> None:
    lines = [SUBSCRIBE.format(key=key) + f",check={tmp_path}/{path}" for key, path in (("a", "gone/held"), ("b", "held"))]
    way = Way(SETTINGS, [leaver("shop", str(vassal(tmp_path, *lines)))], lambda dummy: None)
    way.silence()
    assert os.listdir(tmp_path / "held") == ["deploy"]
    way.release()
    assert sorted(os.listdir(tmp_path)) == ["shop.ini"]


def test_what_cannot_be_held_holds_nobody(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    leavers = []
    for name, path in (("one", "held"), ("two", "plain")):
        folder = tmp_path / name
        folder.mkdir()
        leavers.append(leaver(name, str(vassal(folder, SUBSCRIBE.format(key=name) + f",check={tmp_path}/{path}"))))
    with pytest.raises(HostError, match=r"can't be held out: .*; nothing was changed"):
        Way(SETTINGS, leavers, lambda dummy: None).silence()
    assert not (tmp_path / "held").exists()
