# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller does for ``uwsgi_config_info``: it calls the module again for the files that are included."""

from __future__ import annotations

from pathlib import Path

from support import debug_output, playbook
from support.debug_output import VALUE


def test_no_argument_is_in_the_debug_output(tmp_path: Path) -> None:
    line = debug_output.said(tmp_path, "uwsgi_config_info", paths=["/" + VALUE])
    assert VALUE not in line
    assert "(emperor.uwsgi.uwsgi_config_info, arguments " in line


def test_files_that_include_each_other_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "vassals"
    folder.mkdir()
    texts = {
        "shop.ini": "[uwsgi]\ninclude = one.inc.ini\nsubscribe-to = 10.0.0.2:2626:@keys\ninclude = gone.ini\n",
        "one.inc.ini": "[uwsgi]\nyaml = two.yml\n",
        "two.yml": f"uwsgi:\n  json: {folder}/three.json\n",
        "three.json": '{"uwsgi": {"processes": 2}}',
        "keys": "a.test\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    [found] = playbook.tasks(tmp_path, [{"emperor.uwsgi.uwsgi_config_info": {"paths": [str(folder / "shop.ini")]}}]).results
    [one] = found["files"]
    assert one["others"] == {str(folder / name): text for name, text in texts.items() if name != "shop.ini"}
    assert list(one["missing"]) == [str(folder / "gone.ini")]


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("[uwsgi]\ninclude = b.ini\n", encoding="ascii")
    (tmp_path / "b.ini").write_text("[uwsgi]\ninclude = a.ini\n", encoding="ascii")
    [found] = playbook.tasks(tmp_path, [{"emperor.uwsgi.uwsgi_config_info": {"paths": [str(tmp_path / "a.ini")]}}]).results
    assert [list(one["others"]) for one in found["files"]] == [[str(tmp_path / "b.ini")]]


def test_an_error_stays_one(tmp_path: Path) -> None:
    [found] = playbook.tasks(tmp_path, [{"emperor.uwsgi.uwsgi_config_info": {"paths": ["a"]}}]).results
    assert found["failed"] and "is not absolute" in found["msg"]
