# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role's options and the user's, as templates put them together."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emperor.uwsgi.plugins.filter import role_options
from support import playbook
from support.filters import Filter

FILTER = Filter(role_options)


def test_options_and_flaws() -> None:
    found = FILTER({"emperor": ["/a"], "uid": 1}, {"emperor": "/b", "uid": 2}, "emperor_options")
    flaw = "emperor_options.uid: is set by emperor_user; use that variable instead"
    assert found == {"options": {"emperor": ["/a", "/b"], "uid": 1}, "flaws": [flaw]}
    assert FILTER.refusal({}, [], "fastrouter_options") == "fastrouter_options: must be a mapping of uWSGI's options to values"


def test_what_is_omitted_is_left_out(tmp_path: Path) -> None:
    own = {"emperor-wrapper": "{{ omit }}", "uid": "{{ omit }}", "strict": True, "emperor": ["/a"]}
    users = {"emperor": "/b", "emperor-wrapper": "/w", "x": "{{ omit }}"}
    outcome = f"(own | {FILTER.name}(users, 'emperor_options'))"
    debug = {"ansible.builtin.debug": {"msg": f"{{{{ {outcome}.flaws }}}}"}}
    vassal = {"name": "a", "options": f"{{{{ {outcome}.options }}}}"}
    written = {
        "emperor.uwsgi.uwsgi_vassals": {
            "path": str(tmp_path),
            "validate": False,
            "uwsgi_version": "2.0",
            "vassals": "{{ [vassal | combine({})] }}",
        }
    }
    run = playbook.tasks(tmp_path, [debug, written], own=own, users=users, vassal=vassal)
    assert run.code == 0, run.output
    assert run.results[0]["msg"] == []
    lines = (tmp_path / "a.ini").read_text(encoding="utf-8").splitlines()
    assert sorted(lines[2:]) == ["emperor = /a", "emperor = /b", "emperor-wrapper = /w", "strict = true"]
