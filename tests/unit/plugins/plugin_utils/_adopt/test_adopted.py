# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what is on the hosts to the files of an inventory."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.adopted import adopted
from support.adoptable import S, file, vassal

VASSAL = vassal("shop", "module = app", "socket = 10.0.0.7:1", "listen = 5", f"subscribe-to = {S}:a")
BROKEN = file("[x]\na = 1\n", "/etc/uwsgi/vassals/z.ini")
ROUTER = file("fastrouter = :1\nfastrouter-subscription-server = 10.0.0.2:2626", "/etc/uwsgi/vassals/router.ini")


def test_hosts_and_what_they_share() -> None:
    found = adopted({"node1": [VASSAL, BROKEN], "node2": [VASSAL], "router1": [ROUTER], "empty": []}, "all")
    assert list(found.files) == [
        "group_vars/all/adopted.yml",
        *(f"host_vars/{name}/adopted.yml" for name in ("node1", "node2", "router1")),
    ]
    assert found.hosts["node2"] == "host_vars/node2/adopted.yml"
    content = {path: yaml.safe_load(text) for path, text in found.files.items()}
    assert content["group_vars/all/adopted.yml"] == {
        "emperor_signing": False,
        "emperor_default_options": {"module": "app", "listen": 5},
    }
    subscription = {"server": S, "key": "a"}
    node = {"emperor_vassals": [{"name": "shop", "options": {"socket": "10.0.0.7:1"}, "subscriptions": [subscription]}]}
    assert content["host_vars/node1/adopted.yml"] == content["host_vars/node2/adopted.yml"] == node
    assert content["host_vars/router1/adopted.yml"]["fastrouter_listen"] == ":1"
    assert "# /etc/uwsgi/vassals/z.ini: has no option in a section [uwsgi]" in found.files["host_vars/node1/adopted.yml"]
    assert found.summary == [
        "node1: 1 of 2 vassals, 1 comment to review, in host_vars/node1/adopted.yml",
        "node2: 1 of 1 vassals, 0 comments to review, in host_vars/node2/adopted.yml",
        "router1: 1 router, 0 comments to review, in host_vars/router1/adopted.yml",
        "empty: nothing to adopt",
        "group: group_vars/all/adopted.yml has what the vassals share",
    ]


def test_routers_beside_a_fastrouter_that_was_none() -> None:
    raw = file("rawrouter = :1\nrawrouter-subscription-server = 10.0.0.2:2626", "/etc/uwsgi/vassals/raw.ini")
    text = adopted({"a": [raw]}, "all").files["host_vars/a/adopted.yml"]
    assert "# These routers are instances of their own. The role runs a fastrouter beside them.\nfastrouter_vassals:\n" in text


def test_a_file_with_templates_says_so() -> None:
    given = vassal("a", "module = app", "env = A={{ x }}")
    text = adopted({"a": [given]}, "all").files["host_vars/a/adopted.yml"]
    assert "# Text with the tag !unsafe is not evaluated.\n---\n" in text
    assert "!unsafe" not in adopted({"a": [VASSAL]}, "all").files["host_vars/a/adopted.yml"]


@pytest.mark.parametrize(
    ("files", "group", "words"),
    [
        ({"../a": []}, "all", "files: has a name that can't be a folder's"),
        ({"a/b": []}, "all", "files: has a name"),
        ({1: []}, "all", "files: has a name"),
        ({"a": []}, "..", "group: has a name"),
        ({"a": []}, 1, "group: has a name"),
        ({"a": {}}, "all", "files[a]: must be the files"),
        ({"a": [1]}, "all", "files[a]: must be the files"),
    ],
)
def test_what_names_no_place_is_refused(files: Any, group: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as error:
        adopted(files, group)
    assert words in str(error.value)
