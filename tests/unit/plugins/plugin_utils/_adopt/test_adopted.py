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


HEAD = (
    "# Made by the playbook emperor.uwsgi.adopt from the files on a. It is yours: review it, and change it as you like.\n"
    "# What could not be converted stands in comments at its place.\n"
)
ROLE = (
    "# The role also gives each vassal the options strict, master, need-app, vacuum, die-on-term, single-interpreter,\n"
    "# enable-threads, close-on-exec, auto-procname, harakiri, worker-reload-mercy and buffer-size; null leaves one out.\n"
)
NO_USER = "# No file names a user. The role runs the vassals as emperor_user, by default www-data.\n"
EMPEROR = file("emperor = /v", "/etc/uwsgi/emperor.ini")
ROUTERS = "# Routers. The host belongs in the group fastrouters.\n"
FASTROUTER = (
    ROUTERS + "# /etc/uwsgi/vassals/router.ini:\nfastrouter_listen: :1\nfastrouter_subscription_server: 10.0.0.2:2626\n"
    "# uWSGI's default, which the file does not change; weighted_least_reference_count sends fewer requests to busy nodes\n"
    "fastrouter_balancing_algo: weighted_round_robin\n"
)
RAW = file("rawrouter = :1\nrawrouter-subscription-server = 10.0.0.2:2626", "/etc/uwsgi/vassals/raw.ini")
FURTHER = (
    "fastrouter_vassals:\n  # /etc/uwsgi/vassals/raw.ini\n  - name: raw\n    options:\n      rawrouter: :1\n"
    "      rawrouter-subscription-server: 10.0.0.2:2626\n    server_params:\n      tolerance: 17\n"
    "      balancing_algo: weighted_round_robin\n"
)
UNSIGNED = (
    "# What is announced today is not signed by the roles. With true they sign it, and routers check it.\n"
    "emperor_signing: false\n"
)
# The files of the host "a", what its variables are, and what is told of it.
HOSTS: list[tuple[list[dict[str, Any]], str, str]] = [
    (
        [vassal("a", "module = app"), BROKEN],
        f"{HEAD}{ROLE}---\n{NO_USER}emperor_vassals:\n  # /etc/uwsgi/vassals/a.ini\n  - name: a\n    options:\n"
        "      module: app\n  # /etc/uwsgi/vassals/z.ini: has no option in a section [uwsgi], only in [x]; name the one to read "
        "with the argument\n  # section\n",
        "1 of 2 vassals, 1 comment to review",
    ),
    # Ansible evaluates nothing that came from a host.
    (
        [vassal("a", "module = app", "env = A={{ x }}")],
        f"{HEAD}{ROLE}# Text with the tag !unsafe is not evaluated.\n---\n{NO_USER}emperor_vassals:\n"
        '  # /etc/uwsgi/vassals/a.ini\n  - name: a\n    options:\n      module: app\n      env: !unsafe "A={{ x }}"\n',
        "1 of 1 vassals, 0 comments to review",
    ),
    ([ROUTER], f"{HEAD}---\n{UNSIGNED}{FASTROUTER}", "1 router, 0 comments to review"),
    (
        [vassal("a", "module = app"), ROUTER, RAW],
        f"{HEAD}{ROLE}---\n{NO_USER}{UNSIGNED}emperor_vassals:\n  # /etc/uwsgi/vassals/a.ini\n  - name: a\n    options:\n"
        f"      module: app\n{FASTROUTER}{FURTHER}",
        "1 of 1 vassals, 2 routers, 0 comments to review",
    ),
    # The role has a fastrouter, whatever the host had.
    (
        [RAW],
        f"{HEAD}---\n{ROUTERS}# These routers are instances of their own. The role runs a fastrouter beside them.\n{FURTHER}",
        "1 router, 0 comments to review",
    ),
    (
        [EMPEROR],
        f"{HEAD}---\n# The Emperor, /etc/uwsgi/emperor.ini:\nemperor_options:\n  # emperor = /v: is kept beside the folders of "
        "the role, and its vassals were not read\n  emperor: /v\n",
        "an Emperor, 0 comments to review",
    ),
]


@pytest.mark.parametrize(("files", "text", "told"), HOSTS)
def test_the_file_of_a_host(files: list[dict[str, Any]], text: str, told: str) -> None:
    found = adopted({"a": files}, "all")
    # Alone, it shares nothing with anybody.
    assert found.files == {"host_vars/a/adopted.yml": text}
    assert found.summary == [f"a: {told}, in host_vars/a/adopted.yml"]


def test_the_file_of_a_group() -> None:
    text = adopted({"a": [VASSAL], "b": [VASSAL]}, "nodes").files["group_vars/nodes/adopted.yml"]
    assert text == (
        "# Made by the playbook emperor.uwsgi.adopt from the files on hosts of the group nodes. It is yours: review it, and\n"
        f"# change it as you like.\n---\n{UNSIGNED}emperor_default_options:\n  module: app\n  listen: 5\n"
    )


def test_hosts_without_files_have_none() -> None:
    assert adopted({"a": [], "b": []}, "all") == ({}, {}, ["a: nothing to adopt", "b: nothing to adopt"])


NAME = "has a name that can't be a folder's; use letters, digits, '-', '_' and '.'"


@pytest.mark.parametrize(
    ("files", "group", "words"),
    [
        ({"../a": []}, "all", f"files: {NAME}"),
        ({"a/b": []}, "all", f"files: {NAME}"),
        ({1: []}, "all", f"files: {NAME}"),
        ({"a": []}, "..", f"group: {NAME}"),
        ({"a": []}, 1, f"group: {NAME}"),
        ({"a": {}}, "all", "files[a]: must be the files that uwsgi_config_info returned"),
        ({"a": [1]}, "all", "files[a]: must be the files that uwsgi_config_info returned"),
        (
            {"a": [{"path": "/" + "a" * 4095, "text": ""}]},
            "all",
            "files[a]: has a path that is longer than the 4095 bytes of a path",
        ),
    ],
)
def test_what_names_no_place_is_refused(files: Any, group: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as error:
        adopted(files, group)
    assert str(error.value) == words
