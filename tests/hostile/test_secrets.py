# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key in any argument of any plugin is shown nowhere: not in results, errors, logs, debug output or temporary files.

The arguments are those that the plugins declare, so new ones are tested without a change here.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table, vassal
from ansible_collections.emperor.uwsgi.plugins.module_utils._node.probe import Check
from support import forks, keys, playbook, pools
from support.modules import PACKAGE, ROOT

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
FILTERS = sorted(path.stem for path in (ROOT / "plugins" / "filter").glob("*.py"))
FOLDER = forks.FOLDER
KEY = keys.private("ec", "secrets")
_LINES = KEY.splitlines()
RSA, ENCRYPTED = keys.private("rsa", "secrets", "TraditionalOpenSSL"), keys.private("ec", "secrets", passphrase=b"p")
OPENSSH = keys.private("ec", "secrets", "OpenSSH")
# The same key, in forms in which it may leak.
FORMS = [
    KEY.replace("\n", "\\n"), KEY.replace("\n", "\r\n"), KEY.replace("\n", " "), "# my key\n" + KEY, "/a/" + KEY,
    KEY[: len(KEY) // 2], "\n".join(_LINES[:-1]), "key=" + "\n".join(_LINES[1:]), ENCRYPTED, RSA, OPENSSH,
]
WITHOUT_BEGIN = "\n".join(_LINES[1:])
# Each of a thousand arguments gets some of the forms, and each form is in many arguments.
_SOME_FORMS = 2
SHAPES: list[Any] = [KEY, [KEY], _LINES, {"a": KEY}, {KEY: "a"}, [{"a": [{KEY: KEY}]}]]
# Fewer forms if there are many places.
SOME: list[Any] = [KEY, WITHOUT_BEGIN, [KEY], {KEY: KEY}]

_PIECE = 20
_RUN = re.compile(rf"[A-Za-z0-9+/=]{{{_PIECE},}}")


def _pieces(text: str) -> set[str]:
    return {run[at : at + _PIECE] for run in _RUN.findall(text) for at in range(len(run) - _PIECE + 1)}


SECRET = _pieces("\n".join((KEY, ENCRYPTED, RSA, OPENSSH)))


def shown(output: str) -> str:
    """The parts of a key in an output, with their surroundings; empty if there are none."""
    for run in _RUN.finditer(output):
        if not SECRET.isdisjoint(_pieces(run.group())):
            return output[max(0, run.start() - 300) : run.end() + 100]
    return ""


def test_a_key_that_is_shown_is_found() -> None:
    assert shown(f"a {_LINES[1][7:27]!r} b")
    assert not shown("the quick brown fox /etc/uwsgi/subscriptions/private/shop")


# Modules

SUBSCRIPTION = {"server": "127.0.0.1:9", "key": "a.test", "address": "127.0.0.1:3031", "suspend_file": FOLDER + "/suspend"}
HEALTH = {"path": "/"}
VASSAL = {"name": "a", "options": {"socket": "127.0.0.1:3031"}, "subscriptions": [SUBSCRIPTION]}
WRITTEN = {"path": FOLDER, "vassals": [VASSAL], "uwsgi_version": "2.1", "validate": False}
# Valid arguments, so that every other one is checked.
GOOD: dict[str, dict[str, Any]] = {
    "uwsgi_config_info": {"paths": [FOLDER], "included": {}},
    "uwsgi_daemon": {
        "ini": FOLDER + "/none.ini", "pidfile": FOLDER + "/pid", "log": FOLDER + "/log", "timeout": 1, "uwsgi_binary": "false"
    },
    "uwsgi_drain": {"state": "drained", "subscriptions": [SUBSCRIPTION], "wait": False, "timeout": 1},
    "uwsgi_emperor": {
        "state": "written",
        "desired": {"health": {"path": FOLDER}, "vassals": WRITTEN},
        "leaving_path": FOLDER + "/leaving", "emperor_stats": "127.0.0.1:1", "router_tolerance": 1, "allow_outage": True,
    },
    "uwsgi_health": {"path": FOLDER, "vassals_path": FOLDER, "vassals": [{**VASSAL, "health": HEALTH}]},
    "uwsgi_certificate_info": {
        "certificates": [{"router": "a", "address": "127.0.0.1:1", "certificate": FOLDER + "/a.crt", "key": FOLDER + "/a.key"}],
        "timeout": 1,
    },
    "uwsgi_reload": {"vassal": FOLDER + "/a.ini", "emperor_stats": "127.0.0.1:1", "timeout": 1},
    "uwsgi_router_info": {"router_stats": ["127.0.0.1:1"], "timeout": 1},
    "uwsgi_signing_keys": {"path": FOLDER, "signing_keys": [{"file": "a.pem", "content": keys.public()}]},
    "uwsgi_subscription": {"path": FOLDER + "/b.ini", "subscriptions": [SUBSCRIPTION], "uwsgi_version": "2.1", "validate": False},
    "uwsgi_vassals": WRITTEN,
}
# The host has no process for these.
WITHOUT_PROCESSES = ("uwsgi_certificate_info", "uwsgi_daemon", "uwsgi_reload", "uwsgi_router_info")
# One at a time for these.
EXCLUSIVE = {"uwsgi_drain": ("vassal", "vassals", "fragment", "subscriptions"), "uwsgi_reload": ("vassal", "vassals")}
_SUBSCRIPTION = [row.argument for row in table.SUBSCRIPTION]
_HEALTH = list(Check._fields[1:])
# Arguments that the modules check themselves, so Ansible has no spec: the argument, a valid value, and its members.
MEMBERS: dict[str, list[tuple[Callable[[dict[str, Any]], dict[str, Any]], list[str]]]] = {
    "uwsgi_drain": [(lambda one: {"subscriptions": [{**SUBSCRIPTION, **one}]}, _SUBSCRIPTION)],
    "uwsgi_health": [
        (lambda one: {"vassals": [{**VASSAL, "health": HEALTH, **one}]}, ["name", "health"]),
        (lambda one: {"vassals": [{**VASSAL, "health": {**HEALTH, **one}}]}, _HEALTH),
    ],
    "uwsgi_emperor": [
        (lambda one: {"desired": {"health": {"path": FOLDER}, "vassals": {**WRITTEN, **one}}}, ["path", "default_options"]),
        (lambda one: {"desired": {"health": {"path": FOLDER}, "vassals": WRITTEN, **one}}, ["health", "signing_keys", "vassals"]),
    ],
    "uwsgi_reload": [
        (lambda one: {"health": {**HEALTH, **one}}, _HEALTH),
        (lambda one: {"checks": [{"vassal": FOLDER + "/a.ini", "health": {**HEALTH, **one}}]}, _HEALTH),
    ],
    "uwsgi_vassals": [
        (lambda one: {"vassals": [{**VASSAL, **one}]}, list(vassal._ARGUMENTS)),
        (lambda one: {"vassals": [{**VASSAL, "options": one}]}, ["env", "socket", "uid"]),
        (lambda one: {"vassals": [{**VASSAL, "health": {**HEALTH, **one}}]}, _HEALTH),
        (lambda one: {"vassals": [{**VASSAL, "subscriptions": [{**SUBSCRIPTION, **one}]}]}, _SUBSCRIPTION),
        (lambda one: {"vassals": [{**VASSAL, "client_params": one}]}, [row.argument for row in table.CLIENT_PARAMS]),
        (lambda one: {"vassals": [{**VASSAL, "owner": "nobody", **one}], "tyrant": True}, ["owner", "name"]),
        (lambda one: {"default_options": one}, ["env"]),
        (lambda one: {"default_client_params": one}, ["announce_interval"]),
    ],
}


def spec(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments that a module declares, including those that Ansible adds."""
    found: dict[str, Any] = {}

    class Declared(Exception):
        """Ends the module's main()."""

    def declared(self: Any, argument_spec: dict[str, Any], add_file_common_args: bool = False, **dummy: Any) -> None:
        found.update(basic.FILE_COMMON_ARGUMENTS if add_file_common_args else {}, **argument_spec)
        raise Declared

    monkeypatch.setattr(basic.AnsibleModule, "__init__", declared)
    with pytest.raises(Declared):
        importlib.import_module(PACKAGE + name).main()
    monkeypatch.undo()
    assert found
    return found


def runs(name: str, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Arguments of a module, each variant with a key in one place."""
    for at, (argument, option) in enumerate(options.items()):
        good = {one: value for one, value in GOOD[name].items() if one != argument}
        if argument in EXCLUSIVE.get(name, ()):
            good = {one: value for one, value in good.items() if one not in EXCLUSIVE[name]}
        forms = [FORMS[(at + more) % len(FORMS)] for more in range(_SOME_FORMS)]
        for value in [*SHAPES, *forms, WITHOUT_BEGIN, [WITHOUT_BEGIN]]:
            yield {**good, argument: value}
        many = option.get("elements") == "dict"
        for place in nested(option.get("options", {})):
            yield {**good, argument: [place] if many else place}
    for around, members in MEMBERS.get(name, []):
        for member in [*members, KEY]:
            for value in SOME:
                yield {**GOOD[name], **around({member: value})}
    yield {**GOOD[name], KEY: "a"}


def nested(options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    good = {**SUBSCRIPTION, "file": "a.pem", "content": keys.public(), "directory": "/a"}
    good.update(vassal=FOLDER + "/a.ini", health=HEALTH, router="a", address="127.0.0.1:1", certificate=FOLDER + "/a.crt")
    good.update(stats="127.0.0.1:1")
    required = {name: good[name] for name, option in options.items() if option.get("required")}
    for name, option in options.items():
        for value in SOME:
            yield {**required, name: value}
        for place in nested(option.get("options", {})):
            yield {**required, name: place}
    if options:
        yield {**required, KEY: KEY}


def result(output: str) -> dict[str, Any]:
    """The result in a module's output; empty if there is none."""
    return dict(json.loads(next((line for line in output.splitlines() if line.startswith("{")), "{}")))


def test_good_arguments_are_known_for_every_module() -> None:
    assert sorted(GOOD) == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_a_module_shows_no_key(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = list(runs(name, spec(name, monkeypatch)))
    found = forks.outputs(name, given, tmp_path)
    assert [(one, shown(output)) for one, output in zip(given, found) if shown(output)] == []
    # Each ends with a result, and none with a traceback on stderr.
    assert [(one, output) for one, output in zip(given, found) if not result(output)] == []
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in left if shown(f"{path} {path.read_text(encoding='utf-8', errors='replace')}")] == []


def test_good_arguments_are_good(tmp_path: Path) -> None:
    """Otherwise each run would end with the same error."""
    for name in MODULES:
        [output] = forks.outputs(name, [GOOD[name]], tmp_path)
        found = result(output)
        assert not found.get("failed") or name in WITHOUT_PROCESSES, output
        assert "argument" not in found


# Filters

FILTER_GOOD: dict[str, dict[str, Any]] = {
    "adopted_variables": {"files": {"a": [{"path": "/a/b.ini", "text": "[uwsgi]\nsocket = 10.0.0.7:3031\n"}]}},
    "announcement_load": {"vassals": [VASSAL], "interval": 5, "routers": 1, "key_type": "ec"},
    "firewall_ports": {"host": "a", "hostvars": {"a": {"ansible_host": "10.0.0.7"}}, "routers": ["a"], "nodes": []},
    "held_table": {"results": {"a": {"vassals": [{"vassal": "/a/b.ini", "held": [{"reason": "health", "since": 1}]}]}}},
    "pool_page": {"info": pools.info(pools.router("10.0.0.2:2627", shop={"10.0.0.7:1": {}}))},
    "pool_table": {"info": pools.info(pools.router("10.0.0.2:2627", shop={"10.0.0.7:1": {}}))},
    "prometheus_targets": {"hosts": ["a"], "hostvars": {"a": {"ansible_host": "10.0.0.7"}}},
    "router_certificates": {"routers": [VASSAL], "vassals": [VASSAL]},
    "router_flaws": {"vassals": [VASSAL]},
    "signed_vassals": {"vassals": [VASSAL], "directory": "/a"},
    "signing_key_file": {"value": "a.test"},
    "signing_key_names": {"subscriptions": [{**SUBSCRIPTION, "signing": ["SHA256", "/a/a.pem"]}]},
    "signing_keys": {
        "subscriptions": [{**SUBSCRIPTION, "signing": ["SHA256", "/a/a.pem"]}], "private_keys": {"a.pem": KEY}, "half": "public"
    },
    "signing_public_key": {"value": KEY},
    "subscription_arguments": {"text": "[uwsgi]\nsubscribe2 = server=10.0.0.2:2626,key=a\n"},
}


def calls(name: str, parameters: Any) -> Iterator[dict[str, Any]]:
    """Arguments of a filter, each variant with a key in one place."""
    good = FILTER_GOOD[name]
    first, *dummy = parameters
    for parameter in parameters:
        entry = {"key": WITHOUT_BEGIN, "signing": ["SHA256", WITHOUT_BEGIN]}
        for value in [*SHAPES, *FORMS, WITHOUT_BEGIN, [WITHOUT_BEGIN], [{"subscriptions": [entry]}]]:
            yield {**good, parameter: value}
    for member in ("name", "options", "subscriptions", "owner", KEY):
        for value in SOME:
            yield {**good, first: [{**VASSAL, member: value}]}
    for member in ("server", "key", "signing", KEY):
        for value in SOME:
            entry = {**SUBSCRIPTION, "signing": ["SHA256", "/a/a.pem"], member: value}
            yield {**good, first: [{**VASSAL, "subscriptions": [entry]}]}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_shows_no_key(name: str) -> None:
    package = PACKAGE.replace(".modules.", ".filter.")
    [function] = importlib.import_module(package + name).FilterModule().filters().values()
    function(**FILTER_GOOD[name])
    errors = []
    for given in calls(name, inspect.signature(function).parameters):
        try:
            function(**given)
        except Exception as error:
            errors.append((given, "".join(traceback.format_exception(error)) + str(error) + repr(error)))
    assert errors
    assert [(given, shown(text)) for given, text in errors if shown(text)] == []


# Plugins on the controller

# In ansible-vault, so that the source lines that Ansible quotes around an error contain no key.
VAULTED = "content"


def test_the_lookup_shows_no_key(tmp_path: Path) -> None:
    name = "emperor.uwsgi.signing_keys"
    [doc] = playbook.doc("lookup", name).values()
    options = [one for one in doc["doc"]["options"] if one != "_terms"]
    good = {"directory": f"'{tmp_path}/store'"}

    def lookup(term: str, **given: str) -> str:
        words = [f"'{name}'", term, *(f"{one}={value}" for one, value in {**good, **given}.items())]
        return f"lookup({', '.join(words)})"

    values = [VAULTED, f"[{VAULTED}]", f"{{{VAULTED}: {VAULTED}}}", f"{VAULTED}[40:]"]
    expressions = [lookup(value) for value in values]
    expressions += [lookup("'a.pem'", **{option: value}) for option in options for value in values]
    expressions += [lookup("'a.pem'", vassals=f"[{{'name': 'a', 'subscriptions': [{{'key': {value}}}]}}]") for value in values]
    arguments = playbook.vaulted(tmp_path, VAULTED, KEY)
    tasks = [{"ansible.builtin.debug": {"msg": "{{ (" + one + ") | length }}"}} for one in expressions]
    found = playbook.tasks(tmp_path, tasks, "-vvvvv", *arguments)
    assert len([result for result in found.results if result.get("failed")]) > len(expressions) // 2
    assert shown(found.output) == ""


def test_a_run_shows_no_key(tmp_path: Path) -> None:
    """Neither in Ansible's normal output about a run, nor in its debug output."""
    tasks: list[dict[str, Any]] = []
    for name in MODULES:
        folder = tmp_path / name
        folder.mkdir()
        good = json.loads(json.dumps(GOOD[name]).replace(FOLDER, str(folder)))
        value = "{{ " + VAULTED + " }}"
        for at, argument in enumerate(good):
            tasks.append({"emperor.uwsgi." + name: {**good, argument: [{"a": value}] if at % 2 else value}})
    right = {"path": str(tmp_path), "signing_keys": [{"file": "a.pem", "content": "{{ " + VAULTED + " }}"}]}
    tasks.append({"emperor.uwsgi.uwsgi_signing_keys": right})
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": playbook.PYTHON},
        "tasks": [{**task, "ignore_errors": True} for task in tasks],
    }
    arguments = playbook.vaulted(tmp_path, VAULTED, KEY)
    found = playbook.run(tmp_path, [play], "-vvvvv", *arguments, ANSIBLE_DEBUG="1")
    assert found.code == 0, found.output
    assert found.output.count("done with _execute_module") == len(tasks)
    assert (tmp_path / "a.pem").read_text(encoding="ascii").endswith(KEY)
    assert shown(found.output) == ""
    # Whoever reads a packed value can unpack it.
    assert "'content': 'eJ" not in found.output
    assert not [path for path in (tmp_path / ".ansible").rglob("*") if path.is_file() and shown(path.read_text(errors="replace"))]


INVENTORY = "emperor.uwsgi.fastrouter"


def test_the_inventory_shows_no_key(tmp_path: Path) -> None:
    [doc] = playbook.doc("inventory", INVENTORY).values()
    # The options that Ansible adds aren't the plugin's, nor is "plugin".
    text = (ROOT / "plugins" / "inventory" / "fastrouter.py").read_text(encoding="utf-8")
    options = [name for name in doc["doc"]["options"] if f"\n  {name}:\n" in text and name != "plugin"]
    assert len(options) > 5
    (tmp_path / "password").write_text("a vault's", encoding="ascii")
    sources = []
    for option in [*options, "other"]:
        for at, value in enumerate((KEY, [KEY], {KEY: KEY})):
            source = tmp_path / f"{option}{at}.uwsgi_fastrouter.yml"
            source.write_text(json.dumps({"plugin": INVENTORY, "router_stats": ["127.0.0.1:1"], "timeout": 1, option: value}))
            sources.append(str(source))
    password = "--vault-password-file=password"
    encrypt = ("encrypt", password, *sources)
    assert playbook.command("ansible-vault", *encrypt, folder=tmp_path).returncode == 0
    inventories = [argument for one in sources for argument in ("--inventory", one)]
    command = ("ansible-inventory", "--list", "-vvvvv", password, *inventories)
    found = playbook.command(*command, folder=tmp_path, ANSIBLE_DEBUG="1")
    output = found.stdout + found.stderr
    # From 2.22 on, Ansible itself masks all that a vaulted file says, such as the plugin's name.
    assert sum(output.count(name + ": ") for name in (INVENTORY, "$REDACTED$")) >= len(options)
    assert shown(output) == ""
