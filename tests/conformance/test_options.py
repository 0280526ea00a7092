# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real uWSGI reads every line that the module writes, and options of 2.1 are written only for 2.1."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from support import modules
from support.loopback import Listener, free_address
from support.uwsgi import BINARY, RELEASE, Instance, plugin_lines, read

# One value for each row of the table, as a task gives it, and the line that carries it.
VALUES: dict[str, dict[str, tuple[Any, str]]] = {
    "server_params": {
        "client_notify_address": ("/run/uwsgi/notify, 50%", "subscription-notify-socket = /run/uwsgi/notify, 50%%"),
        "mountpoints_depth": (2, "subscription-mountpoint = 2"),
        "require_vassal": (True, "subscription-vassal-required = true"),
        "tolerance": (20, "subscription-tolerance = 20"),
        "tolerance_inactive": (30, "subscription-tolerance-inactive = 30"),
        "key_dot_split": (True, "subscription-dotsplit = true"),
        "balancing_algo": ("least_reference_count", "subscription-algo = lrc"),
    },
    "server_verification_params": {
        "digest_algo": ("SHA256", "subscriptions-sign-check = SHA256:/etc/keys"),
        "dir_cert": ("/etc/keys/", "subscriptions-sign-check = SHA256:/etc/keys"),
        "tolerance": (300, "subscriptions-sign-check-tolerance = 300"),
        "no_check_uid": ([1000, 33], "subscriptions-sign-skip-uid = 1000\nsubscriptions-sign-skip-uid = 33"),
        "dir_credentials": (["/a", "/b/"], "subscriptions-credentials-check = /a/\nsubscriptions-credentials-check = /b/"),
        "pass_unix_credentials": (True, "subscriptions-use-credentials = true"),
    },
    "client_params": {
        "start_unsubscribed": (True, "start-unsubscribed = true"),
        "clear_on_exit": (True, "subscription-clear-on-shutdown = true"),
        "unsubscribe_on_reload": (False, "unsubscribe-on-graceful-reload = false"),
        "announce_interval": (3, "subscribe-freq = 3"),
    },
    "subscriptions": {
        "server": ("/run/subscriptions", "subscribe2 = server=/run/subscriptions,key=a.test"),
        "key": (["a", "b"], "subscribe2 = server=10.0.0.2:2626,key=a\nsubscribe2 = server=10.0.0.2:2626,key=b"),
        "address": ("10.0.0.7:3031", "subscribe2 = server=10.0.0.2:2626,key=a.test,addr=10.0.0.7:3031"),
        "address_vassal": ("shop.ini", "subscribe2 = server=10.0.0.2:2626,key=a.test,vassal=shop.ini,proto=uwsgi"),
        "balancing_weight": (4, "subscribe2 = server=10.0.0.2:2626,key=a.test,weight=4"),
        "balancing_algo": ("ip_hash", "subscribe2 = server=10.0.0.2:2626,key=a.test,algo=iphash,proto=uwsgi"),
        "backup_level": (1, "subscribe2 = server=10.0.0.2:2626,key=a.test,backup=1,proto=uwsgi"),
        "modifier": ("psgi", "subscribe2 = server=10.0.0.2:2626,key=a.test,modifier1=5"),
        "signing": (["SHA256", "/k,1.pem"], "subscribe2 = server=10.0.0.2:2626,key=a.test,sign=SHA256:/k\\,1.pem"),
        "check_file": ("/run/silent", "subscribe2 = server=10.0.0.2:2626,key=a.test,check=/run/silent"),
        "suspend_file": ("/run/silent", "subscribe2 = server=10.0.0.2:2626,key=a.test,check=/run/silent"),
        "protocol": ("http", "subscribe2 = server=10.0.0.2:2626,key=a.test,proto=http"),
        "sni_cert": ("/c.pem", "subscribe2 = server=10.0.0.2:2626,key=a.test,sni_crt=/c.pem,sni_key=/k.pem"),
        "sni_key": ("/k.pem", "subscribe2 = server=10.0.0.2:2626,key=a.test,sni_crt=/c.pem,sni_key=/k.pem"),
        "sni_client_ca": ("!/a", "subscribe2 = server=10.0.0.2:2626,key=a.test,sni_crt=/c.pem,sni_key=/k.pem,sni_ca=!/a"),
        "inactive": (True, "subscribe2 = server=10.0.0.2:2626,key=a.test,proto=uwsgi,inactive=1"),
    },
}
# Other arguments that an argument requires.
COMPANIONS = {
    "digest_algo": {"dir_cert": "/etc/keys"},
    "dir_cert": {"digest_algo": "SHA256"},
    "sni_cert": {"sni_key": "/k.pem"},
    "sni_key": {"sni_cert": "/c.pem"},
    "sni_client_ca": {"sni_cert": "/c.pem", "sni_key": "/k.pem"},
}
ROWS = [(group, row) for group, rows in table.GROUPS.items() for row in rows]
NAMES = [f"{group}.{row.argument}" for group, row in ROWS]
# The options that the uWSGI of this run knows.
KNOWN = [(group, row) for group, row in ROWS if row.since <= RELEASE]
NEW = [(group, row) for group, row in ROWS if row.since == _dialect.V2_1]
NEW_NAMES = [f"{group}.{row.argument}" for group, row in NEW]


def arguments(group: str, row: table.Row, path: Path, **more: Any) -> dict[str, Any]:
    given = {row.argument: VALUES[group][row.argument][0], **COMPANIONS.get(row.argument, {})}
    if group == "subscriptions":
        return {"path": str(path), "subscriptions": [{"server": "10.0.0.2:2626", "key": "a.test", **given}], **more}
    return {"path": str(path), group: given, **more}


def test_every_row_of_the_table_has_a_case() -> None:
    cases = [f"{group}.{argument}" for group, values in VALUES.items() for argument in values]
    assert cases == NAMES


@pytest.mark.parametrize(("group", "row"), ROWS, ids=NAMES)
def test_the_line_is_written(group: str, row: table.Row, tmp_path: Path) -> None:
    version = "{}.{}".format(*row.since)
    result = modules.run("uwsgi_subscription", arguments(group, row, tmp_path / "a.ini", uwsgi_version=version, validate=False))
    assert not result.failed, result.msg
    lines = (tmp_path / "a.ini").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("; ")
    assert lines[1:] == ["[uwsgi]", *VALUES[group][row.argument][1].splitlines()]
    assert row.name in lines[2]


@pytest.mark.parametrize(("group", "row"), KNOWN, ids=[f"{group}.{row.argument}" for group, row in KNOWN])
def test_a_real_uwsgi_reads_the_line(group: str, row: table.Row, tmp_path: Path) -> None:
    version = "{}.{}".format(*row.since)
    result = modules.run("uwsgi_subscription", arguments(group, row, tmp_path / "a.ini", uwsgi_version=version, validate=False))
    assert not result.failed, result.msg
    text = (tmp_path / "a.ini").read_text(encoding="utf-8")
    line = VALUES[group][row.argument][1].splitlines()[0]
    name, dummy, value = line.partition(" = ")
    # Strict mode, so uWSGI exits if it doesn't know the name. If an option appears twice, it prints the first value.
    assert read(tmp_path, name, text) == value.replace("%%", "%")
    assert result.data["options"][0] == {"name": name, "value": value.replace("%%", "%")}


@pytest.mark.proves(*NEW_NAMES)
@pytest.mark.parametrize(("group", "row"), NEW, ids=NEW_NAMES)
@pytest.mark.parametrize("version", ["2.0", "2.0.31", None])
def test_what_2_1_knows_is_refused_for_2_0(version: str | None, group: str, row: table.Row, tmp_path: Path) -> None:
    # Without a version, the module asks the host's uWSGI.
    given = arguments(group, row, tmp_path / "a.ini", uwsgi_version=version, uwsgi_binary=BINARY, validate=False)
    result = modules.run("uwsgi_subscription", given)
    if version is None and RELEASE >= _dialect.V2_1:
        assert not result.failed, result.msg
        return
    place = "subscriptions[0]" if group == "subscriptions" else group
    assert result.data["argument"] == f"{place}.{row.argument}"
    assert f"{row.name} needs uWSGI 2.1 and the target has 2.0" in result.msg
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("row", [row for group, row in NEW if group != "subscriptions"], ids=lambda row: row.name)
def test_only_a_real_2_1_knows_the_options_that_are_called_new(row: table.Row, tmp_path: Path) -> None:
    if RELEASE >= _dialect.V2_1:
        assert read(tmp_path, row.name, f"[uwsgi]\n{row.name} = 1\n") == "1"
        return
    with pytest.raises(AssertionError, match="unknown config directive: " + row.name):
        read(tmp_path, row.name, f"[uwsgi]\n{row.name} = 1\n")


def test_only_a_real_2_1_announces_the_fields_that_are_called_new(tmp_path: Path) -> None:
    rows = [row for group, row in NEW if group == "subscriptions"]
    fields = "".join(f",{row.name}=1" for row in rows)
    with Listener() as listener:
        line = f"subscribe2 = server={listener.address},key=a.test{fields}"
        with Instance(tmp_path, "socket = " + free_address(), line):
            known = listener.wait()[0].fields
    newer = {field for row in rows for field in row.wire} if RELEASE >= _dialect.V2_1 else set()
    assert set(known) == {"key", "address", "modifier1", "modifier2", "cores", "load", "weight"} | newer


@pytest.mark.parametrize("algo", _dialect.ALGORITHMS, ids=lambda algo: algo.argument)
@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_algorithms_by_both_of_their_names(algo: _dialect.Algorithm, version: str, tmp_path: Path) -> None:
    for name in (algo.argument, algo.name):
        given = {"path": str(tmp_path / name), "server_params": {"balancing_algo": name}, "uwsgi_version": version}
        result = modules.run("uwsgi_subscription", {**given, "validate": False})
        if version == "2.0" and algo.since == _dialect.V2_1:
            assert f"the algorithm {algo.name} needs uWSGI 2.1" in result.msg
        else:
            assert result.data["options"] == [{"name": "subscription-algo", "value": algo.name}]


APP = "def application(env, start_response):\n    start_response('200 OK', [])\n    return [b'']\n"
DUMP = """
import json, uwsgi
with open(%r, "w") as stream:
    json.dump(list(uwsgi.opt), stream)
"""


def test_a_fragment_without_subscriptions_does_nothing(tmp_path: Path) -> None:
    fragment, vassals = tmp_path / "fragment.ini", tmp_path / "vassals"
    vassals.mkdir()
    given = {"path": str(fragment), "subscriptions": []}
    for changed in (True, False):
        # With the dry run.
        result = modules.run("uwsgi_subscription", given)
        assert (result.failed, result.data.get("changed"), result.data.get("options")) == (False, changed, []), result.msg
    # The same vassal with and without it, each under the same Emperor, both strict.
    for name, more in (("with", [f"include = {fragment}"]), ("without", [])):
        app = tmp_path / (name + ".py")
        app.write_text(APP + DUMP % str(tmp_path / (name + ".json")), encoding="ascii")
        own = ["strict = true", f"socket = {free_address()}", *plugin_lines("python3"), f"wsgi-file = {app}", "need-app = true"]
        (vassals / (name + ".ini")).write_text("\n".join(["[uwsgi]", *more, *own, ""]), encoding="ascii")
    with Instance(tmp_path, f"emperor = {vassals}/*.ini") as emperor:
        for name in ("with", "without"):
            emperor.wait_for_words(f"vassal {vassals}/{name}.ini is ready to accept requests")
        assert "Can't find section" not in emperor.said()
    found = {name: json.loads((tmp_path / (name + ".json")).read_text(encoding="ascii")) for name in ("with", "without")}
    assert set(found["with"]) - set(found["without"]) == {"include", "set-ph", "literal-empty"}
    assert set(found["without"]) <= set(found["with"])


def test_a_section_without_options_is_none_to_uwsgi(tmp_path: Path) -> None:
    (tmp_path / "empty.ini").write_text("[uwsgi]\n", encoding="ascii")
    run = subprocess.run([BINARY, "--ini", "empty.ini", "--get", "strict"], cwd=tmp_path, capture_output=True, check=False)
    assert b"Can't find section" in run.stderr
