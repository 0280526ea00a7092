# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles on this machine, without root: what they refuse before anything changes, what they write, and what they remove."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import keys, playbook
from support.files import NOBODY, mode, needs_root, put, snapshot
from support.loopback import free_address
from support.role import apply, base

RAW = {"name": "raw", "options": {"rawrouter": "127.0.0.1:2020", "rawrouter-subscription-server": "127.0.0.1:2021"}}
SAME = {"name": "same", "options": {"http": "127.0.0.1:2020", "http-subscription-server": "{{ fastrouter_subscription_server }}"}}
SYSTEMD = {"emperor_supervisor": "systemd", "emperor_user": "nobody"}

TENANTS = {"emperor_tyrant": True, "emperor_user": "nobody"}
OWNED = [
    {"name": name, "owner": owner, "subscriptions": [{"server": "127.0.0.1:2626", "key": "a.test", "address": "127.0.0.1:1"}]}
    for name, owner in (("a", "alice"), ("b", "bob"))
]
# A role, its variables, and the beginning of the error.
TRAPS: list[tuple[str, dict[str, Any], str]] = [
    ("emperor", {"emperor_options": {"emperor-curse-tolerance": 60}}, "emperor_options: an emperor-curse-tolerance"),
    ("emperor", {"emperor_options": {"emperor-curse-tolerance": None}}, "emperor_options: an emperor-curse-tolerance"),
    ("emperor", {"emperor_options": {"max-fd": None}}, "emperor_options.max-fd: is set by emperor_max_fd; use that variable"),
    ("emperor", {"emperor_options": {"emperor": None}}, "emperor_options.emperor: is where the vassals of the roles are"),
    ("emperor", {"emperor_default_options": {"subscribe-freq": 0}},
     "emperor_default_options.subscribe-freq: is not checked among the options; use emperor_announce_interval"),
    ("emperor", {"emperor_announce_interval": 0}, "emperor_announce_interval: must be at least 1"),
    ("emperor", {"emperor_vassals": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}, "emperor_vassals: two of them have one name"),
    ("emperor", {**TENANTS, "emperor_user": ""}, "emperor_user: with emperor_tyrant it is whom routers run as"),
    ("emperor", {**TENANTS, "emperor_vassals": [*OWNED, {"name": "c"}, {"name": "d", "owner": "root"}]},
     "emperor_vassals: with emperor_tyrant each needs an owner other than root, which c, d have not"),
    ("emperor", {**TENANTS, "emperor_vassals": OWNED},
     "vassals[1].subscriptions[0].signing: a.test.pem is the key of 'a', which is alice's, and of 'b', which is bob's"),
    ("emperor", {**TENANTS, "emperor_metrics": "127.0.0.1:1", "emperor_group": "web",
                 "emperor_vassals": [{"name": "a", "owner": "alice", "group": "web"}]},
     "emperor_group: web is the group of a too, and with emperor_metrics it reads the Emperor's stats"),
    ("emperor", {"emperor_metrics": "localhost:1"}, "emperor_metrics: 'localhost:1' is not an address for a page"),
    ("emperor", {"emperor_metrics": "127.0.0.1:1", "emperor_binary": "/nonexistent"},
     "the Python module prometheus_client: can't be imported by uWSGI, which is not there; emperor_metrics and"),
    ("fastrouter", {"fastrouter_dashboard": "127.0.0.1:1", "emperor_binary": "/nonexistent"},
     "the Python module prometheus_client: can't be imported by uWSGI, which is not there; emperor_metrics and"),
    ("fastrouter", {"fastrouter_dashboard": "127.0.0.1:1", "fastrouter_dashboard_routers": ["localhost", "other=127.0.0.1:x"]},
     "fastrouter_dashboard: makes no live page: routers[1].stats: '127.0.0.1:x' is not a stats server"),
    ("fastrouter", {"fastrouter_processes": 2}, "fastrouter.options.fastrouter-processes: more than one"),
    ("fastrouter", {"fastrouter_tolerance": 14}, "fastrouter.server_params.tolerance: under three announce intervals"),
    ("fastrouter", {"fastrouter_options": {"http": "127.0.0.1:1"}}, "fastrouter.options.http: two routers in one instance"),
    ("fastrouter", {"fastrouter_subscription_server": "localhost:2626"}, "fastrouter-subscription-server: is neither"),
    ("fastrouter", {"fastrouter_https": "127.0.0.1:1"}, "fastrouter_https: needs fastrouter_https_certificate"),
    (
        "fastrouter",
        {"fastrouter_https": "127.0.0.1:1", "fastrouter_https_certificate": "/a,b", "fastrouter_https_key": "/c"},
        "fastrouter_https_certificate, fastrouter_https_key: uWSGI splits at commas",
    ),
    ("fastrouter", {"fastrouter_vassals": [{**RAW, "server_params": {"tolerance": 14}}]}, "raw.server_params.tolerance: under"),
    ("fastrouter", {"fastrouter_vassals": [SAME]}, "same.options.http-subscription-server: one address for two, and"),
    ("fastrouter", {**SYSTEMD, "fastrouter_http": "0.0.0.0:80"}, "http.options.http: a port below 1024 needs CAP_NET_BIND"),
    ("fastrouter", {"emperor_max_fd": 0}, "emperor_max_fd: must be at least 1"),
    ("fastrouter", {"fastrouter_options": {"fastrouter-ss": "127.0.0.1:1"}}, "fastrouter_options.fastrouter-ss: is set by"),
    ("fastrouter", {"fastrouter_http_options": {"http": "127.0.0.1:1"}}, "fastrouter_http_options.http: is set by"),
    ("fastrouter", {"fastrouter_https_options": {"http-subscription-server": "127.0.0.1:1"}},
     "fastrouter_https_options.http-subscription-server: is set by fastrouter_https_subscription_server"),
    ("fastrouter", {"fastrouter_vassals": [{**RAW, "options": {**RAW["options"], "subscription-algo": "lrc"}}]},
     "raw.options.subscription-algo: is not checked among the options; use server_params.balancing_algo"),
]


@pytest.mark.parametrize(("role", "variables", "words"), TRAPS)
def test_a_trap_is_refused_before_anything_changes(role: str, variables: dict[str, Any], words: str, tmp_path: Path) -> None:
    run = apply(tmp_path, role, **variables)
    assert run.code != 0
    assert words in " ".join(run.output.split())
    assert not (tmp_path / "etc").exists()


def test_options_of_the_user_are_beside_those_of_the_role(tmp_path: Path) -> None:
    more = str(tmp_path / "more" / "*.ini")
    given = {
        "emperor_options": {"emperor": more, "emperor-freq": 1, "emperor-graceful-shutdown": None},
        "emperor_default_options": {"env": [{"literal": "PW=p%ss"}], "vacuum": False},
        "fastrouter_options": {"fastrouter": ["{{ fastrouter_listen }}", "127.0.0.1:1"], "fastrouter-quiet": {"literal": "a%"}},
        "emperor_vassals": [{"name": "a", "options": {"socket": "127.0.0.1:0"}, "subscriptions": []}],
    }
    listen = free_address()
    try:
        run = apply(tmp_path, "fastrouter", **given, fastrouter_listen=listen)
        assert run.code == 0, run.output
        files = {name: tmp_path / "etc" / (name + ".ini") for name in ("emperor", "vassals/a", "routers/fastrouter")}
        texts = {name: path.read_text(encoding="utf-8").splitlines() for name, path in files.items()}
    finally:
        apply(tmp_path, "fastrouter", emperor_state="absent", **given)
    own = [f"emperor = {tmp_path}/etc/{folder}/*.ini" for folder in ("vassals", "routers")]
    assert [line for line in texts["emperor"] if line.startswith("emperor = ")] == [*own, "emperor = " + more]
    assert "emperor-freq = 1" in texts["emperor"]
    assert not any("graceful" in line for line in texts["emperor"])
    assert {"env = PW=p%%ss", "vacuum = false", "socket = 127.0.0.1:0"} <= set(texts["vassals/a"])
    assert not any(line.startswith("subscri") for line in texts["vassals/a"])
    expected = [f"fastrouter = {listen}", "fastrouter = 127.0.0.1:1", "fastrouter-quiet = a%%"]
    assert [line for line in texts["routers/fastrouter"] if line in expected] == expected


def test_a_phase_can_be_skipped(tmp_path: Path) -> None:
    run = apply(tmp_path, "emperor", "--skip-tags=service")
    assert run.code == 0, run.output
    assert sorted(path.name for path in (tmp_path / "etc").iterdir()) == ["keys", "suspend", "vassals"]


@pytest.mark.parametrize(
    "tags, written, called",
    [
        ("--tags=all", True, True),
        ("--tags=web", True, True),
        ("--tags=vassals", True, False),
        ("--tags=service", False, True),
        ("--tags=install", False, False),
        ("--skip-tags=vassals", False, True),
        ("--skip-tags=service", True, False),
        ("--skip-tags=vassals,service", False, False),
    ],
)
def test_tags_choose_the_parts(tmp_path: Path, tags: str, written: bool, called: bool) -> None:
    role = {"role": "emperor.uwsgi.emperor", "tags": ["web"]}
    given = {**base(tmp_path), "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play = {"hosts": "localhost", "gather_facts": False, "vars": given, "roles": [role]}
    run = playbook.run(tmp_path, [play], "--check", "-v", tags)
    assert run.code == 0, run.output
    assert ('"created": [' in run.output, '"called": true' in run.output) == (written, called), run.output


@needs_root
def test_each_tenant_gets_its_keys_its_successors_and_its_gate(tmp_path: Path) -> None:
    for folder in ("signing_keys", "signing_keys/next"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            put(tmp_path / folder / (name + ".test.pem"), keys.private("ec", folder[-4:]))
    entry = {"server": "127.0.0.1:2626", "address": "127.0.0.1:1"}
    vassals = [
        {"name": name, "owner": owner, "subscriptions": [{**entry, "key": name + ".test"}], "health": {"command": "true"}}
        for name, owner in (("a", NOBODY), ("b", "6"))
    ]
    for changed in (True, False):
        run = apply(tmp_path, "emperor", "--skip-tags=service", **TENANTS, emperor_vassals=vassals)
        assert (run.code, "changed=0" in run.output) == (0, not changed), run.output
    etc = tmp_path / "etc"
    for name, uid in (("a", NOBODY), ("b", 6)):
        gate = f"emperor-health-{uid}"
        own = ["keys/private/{0}.test.pem", "keys/private/next/{0}.test.pem", "vassals/{0}.ini", "vassals/{1}.ini", "suspend/{2}"]
        own += ["health/{1}/checks.json", "health/{1}/gate.pyz"]
        found = {one.format(name, gate, uid): (etc / one.format(name, gate, uid)).stat() for one in own}
        assert {one: (status.st_uid, status.st_mode & 0o077) for one, status in found.items()} == dict.fromkeys(found, (uid, 0))
        checks = json.loads((etc / "health" / gate / "checks.json").read_text(encoding="ascii"))
        assert [check["vassal"] for check in checks] == [str(etc / "vassals" / (name + ".ini"))]
        text = (etc / "vassals" / (name + ".ini")).read_text(encoding="utf-8")
        signed = re.findall("^subscribe2 = .*,sign=SHA256:(.*?),", text, re.MULTILINE)
        assert signed == [str(etc / one.format(name)) for one in own[:2]]
    shared = [etc / one for one in ("keys/private", "keys/private/next", "vassals", "suspend")]
    assert {(folder.stat().st_uid, mode(folder)) for folder in shared} == {(0, "0711")}


def test_absent_removes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    vassals = [
        {
            "name": "shop",
            "options": {"socket": free_address()},
            "subscriptions": [{"server": "127.0.0.1:2626", "key": "a.test"}],
            "health": {"command": "true"},
        }
    ]
    more = [{"name": "raw", "options": {"rawrouter": free_address(), "rawrouter-subscription-server": free_address()}}]
    given = {"emperor_vassals": vassals, "fastrouter_vassals": more, "emperor_python": "{{ ansible_playbook_python }}"}
    (tmp_path / "etc" / "vassals").mkdir(parents=True)
    before = snapshot(tmp_path / "etc")
    foreign = tmp_path / "etc" / "vassals" / "foreign.conf"
    try:
        run = apply(tmp_path, "fastrouter", **given)
        assert run.code == 0, run.output
        raw = (tmp_path / "etc" / "routers" / "raw.ini").read_text(encoding="utf-8")
        assert f"subscriptions-sign-check = SHA256:{tmp_path / 'etc' / 'keys' / 'public'}" in raw
        foreign.touch()
    finally:
        run = apply(tmp_path, "fastrouter", emperor_state="absent", **given)
    assert run.code == 0, run.output
    assert [path for path in (tmp_path / "etc").rglob("*") if path.is_file()] == [foreign]
    foreign.unlink()
    again = apply(tmp_path, "fastrouter", emperor_state="absent", **given)
    assert again.code == 0, again.output
    # An empty folder that was there before is removed too.
    assert before and not (tmp_path / "etc").exists()
    last = apply(tmp_path, "fastrouter", emperor_state="absent", **given)
    assert (last.code, "changed=0" in last.output) == (0, True), last.output


def test_who_skips_the_checks_still_has_what_the_variables_come_to(tmp_path: Path) -> None:
    given = {"emperor_vassals": [], "emperor_signing": False, "emperor_announce_interval": 0}
    refused = apply(tmp_path, "emperor", "--skip-tags=service", **given)
    assert refused.code != 0 and "emperor_announce_interval: must be at least 1" in refused.output
    skipped = apply(tmp_path, "emperor", "--skip-tags=service,preflight", **given)
    assert skipped.code == 0, skipped.output
