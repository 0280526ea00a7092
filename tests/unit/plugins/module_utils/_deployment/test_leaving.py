# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vassals that leave, as far as no router is needed. The full sequence is in conformance/test_deployment.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.leaver import leaver
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.leaving import Way
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.settings import Settings
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import HostError

SUBSCRIBE = "subscribe2 = server=127.0.0.1:1,key={key},addr=127.0.0.1:2"
SETTINGS = Settings("/nonexistent", [], 1, 1, False, lambda *dummy: b"")


def vassal(folder: Path, *lines: str) -> Path:
    path = folder / "shop.ini"
    path.write_text("\n".join(["[uwsgi]", *lines, ""]), encoding="ascii")
    return path


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    found = leaver("shop", str(vassal(tmp_path, "subscribe-to = 127.0.0.1:1:a")))
    assert found.announcements == [] and "knows no suspend file" in found.problem
    warnings: list[str] = []
    Way(SETTINGS, [found], warnings.append)
    assert len(warnings) == 1 and "routers may keep it for up to 1 s" in warnings[0]


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
