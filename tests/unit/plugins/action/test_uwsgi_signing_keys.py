# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a task: templates and vaulted text are resolved, and Ansible prints no key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import keys, playbook

EC, RSA = keys.private("ec"), keys.private("rsa")
MARKER = "# Managed by Ansible, emperor.uwsgi.uwsgi_signing_keys\n"


def task(folder: Path, signing_keys: Any) -> dict[str, Any]:
    return {"emperor.uwsgi.uwsgi_signing_keys": {"path": str(folder), "signing_keys": signing_keys}}


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.pem")}


# How a user writes the content of a.pem.
CONTENTS: list[tuple[str, Any]] = [
    ("text", EC),
    ("a template", "{{ content }}"),
    ("a template in a template", "{{ outer }}"),
    ("vaulted text", "{{ vaulted }}"),
    ("vaulted text behind a filter", "{{ vaulted | trim }}\n"),
    ("vaulted text in a list that is a template", "{{ [vaulted] | first }}"),
]


def test_the_content_is_resolved(tmp_path: Path) -> None:
    variables: dict[str, Any] = {"name": "a", "content": EC, "outer": "{{ content }}"}
    tasks, folders = [], []
    for at, (dummy, content) in enumerate(CONTENTS):
        signing_keys = [{"file": "{{ name }}.pem", "content": content}, {"file": "b.pem", "content": RSA}]
        variables[f"keys_{at}"] = signing_keys
        folders.append(tmp_path / str(at))
        folders[-1].mkdir()
        # Once through a variable, and once written in the task itself.
        tasks += [task(folders[-1], f"{{{{ keys_{at} }}}}"), task(folders[-1], signing_keys)]
    run = playbook.tasks(tmp_path, tasks, "-vvv", *playbook.vaulted(tmp_path, "vaulted", EC), **variables)
    assert [result.get("created") for result in run.results] == [["a.pem", "b.pem"], []] * len(CONTENTS), run.output
    assert [written(folder) for folder in folders] == [{"a.pem": MARKER + EC, "b.pem": MARKER + RSA}] * len(CONTENTS)
    assert keys.leaked(run.output, EC, RSA) == []


BAD: list[tuple[str, Any, str]] = [
    ("no list", {"file": "a.pem", "content": "{{ content }}"}, "signing_keys"),
    ("a key in a file's place", [{"file": "{{ content }}", "content": "{{ content }}"}], "signing_keys[0].file"),
    ("half a key", [{"file": "a.pem", "content": "{{ content[:100] }}"}], "signing_keys[0].content"),
    ("a variable that is not defined", [{"file": "a.pem", "content": "{{ nowhere }}"}], "nowhere"),
]


def test_an_error_names_its_place_and_no_key(tmp_path: Path) -> None:
    # The key is in a file of variables: around an error Ansible may show the text of the playbook.
    arguments = playbook.vaulted(tmp_path, "content", EC)
    run = playbook.tasks(tmp_path, [task(tmp_path, signing_keys) for dummy, signing_keys, words in BAD], "-vvv", *arguments)
    assert [words for (dummy, signing_keys, words), found in zip(BAD, run.results) if words not in found["msg"]] == []
    assert all(result["failed"] for result in run.results)
    assert keys.leaked(run.output, EC) == []
    assert written(tmp_path) == {}
