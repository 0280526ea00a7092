# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read about vassals that leave."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.journal import Journal
from ansible_collections.emperor.uwsgi.plugins.module_utils._deployment.leaver import leaver, leavers
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.attributes import Attributes

SUBSCRIBE = "subscribe2 = server=127.0.0.1:1,key={key},addr=127.0.0.1:2"


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


def test_those_of_a_run_that_was_cut_off_are_read_from_their_journal(tmp_path: Path) -> None:
    path = vassal(tmp_path, SUBSCRIBE.format(key="a"))
    journal = Journal(str(tmp_path / "leaving"), Attributes(None, None, 0o711))
    assert leavers(journal) == []
    journal.add(["shop"], str(tmp_path))
    path.unlink()
    kept = str(tmp_path / "leaving" / "shop.ini")
    assert [(one.name, one.path, one.pairs) for one in leavers(journal)] == [("shop", kept, {("a", "127.0.0.1:2")})]
