# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules share, tried with a small module as Ansible runs it: errors, secrets, and how a run ends."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _bulk_argument, _module
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity, identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.uwsgi import Uwsgi
from support import keys, modules
from support.files import NOBODY
from support.uwsgi import BINARY

# A module that ends as its argument "how" says, and writes to a log file.
_MODULE = """
import sys
from ansible_collections.emperor.uwsgi.plugins.module_utils import _module
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError, HostError


class Logged(_module.DiscreetModule):
    def _set_cwd(self):
        if self.params["how"] == "early":
            raise ValueError(ALL)

    def _log_to_syslog(self, msg):
        self._log_to_journal(msg, None)

    def _log_to_journal(self, msg, log_args):
        with open(LOG, "a") as stream:
            stream.write(repr((msg, log_args)) + chr(10))


def run(module):
    how = module.params["how"]
    if how == "argument":
        raise ArgumentError("things[0].name", "is bad")
    if how == "host":
        raise HostError("/disk", "is full", changed=True, found=[1], path="theirs")
    if how == "key":
        raise ArgumentError("things", "is not " + module.params["things"][0])
    if how == "half":
        raise HostError("/disk", ALL[len(ALL) // 3 :][:40] + " is no folder")
    if how == "bug":
        raise KeyError(str(module.params))
    if how == "exception":
        module.fail_json("the disk", exception=OSError(ALL))
    if how == "log":
        module.log("a message")
        module.log("a key " + ALL)
    if how == "strange":
        module.warn("a\x1b[2Jb")
        raise HostError("/a", "\x1b[2J")
    if how == "result":
        module.warn("not " + ALL)
        module.deprecate("not " + ALL, version="9.0.0", collection_name="emperor.uwsgi")
        return {"changed": False, "result": {ALL: [ALL]}}
    return {"changed": how == "change", "how": how}


LOG = sys.argv.pop()
spec = {name: {"type": "str"} for name in ("how", "path", "other")}
spec["things"] = {"type": "list", "elements": "raw"}
spec["more"] = {"type": "dict", "options": {"deep": {"type": "int"}}}
_module.finish(Logged(spec, supports_check_mode=True), run, *SHOWN)
"""
KEY = keys.private()
SECRET = "-----BEGIN PRIVATE KEY-----\nTHESECRET\n-----END PRIVATE KEY-----\n"


def ended(folder: Path, how: str, *shown: str, **arguments: Any) -> modules.Result:
    """Run the module, which shows some of its parameters in an error."""
    program = folder / "module.py"
    program.write_text(f"SHOWN = {shown!r}\nALL = {KEY.strip()!r}\n{_MODULE}")
    given = {"how": how, "path": "/p", **arguments}
    return modules.finish(modules.start([sys.executable, str(program), str(folder / "log")], given))


# How a run ends


def test_a_result_ends_a_run_well(tmp_path: Path) -> None:
    for how in ("change", "stay"):
        found = ended(tmp_path, how, "path")
        assert (found.code, found.failed, found.changed, found.data["how"]) == (0, False, how == "change", how)
        assert "path" not in found.data


def test_an_argument_s_error_names_its_argument(tmp_path: Path) -> None:
    found = ended(tmp_path, "argument", "path", "other")
    assert (found.code, found.failed, found.msg) == (1, True, "things[0].name: is bad")
    shown = {name: found.data[name] for name in ("argument", "path", "other")}
    assert shown == {"argument": "things[0].name", "path": "/p", "other": None}
    assert not found.changed


def test_a_host_s_error_names_no_argument_and_has_what_was_found(tmp_path: Path) -> None:
    found = ended(tmp_path, "host", "other", "path")
    assert (found.code, found.failed, found.msg, found.changed) == (1, True, "/disk: is full", True)
    assert "argument" not in found.data
    # What was found takes precedence over what was given.
    assert (found.data["found"], found.data["other"], found.data["path"]) == ([1], None, "theirs")


# Secrets


@pytest.mark.parametrize("how", ["argument", "host"])
def test_an_error_has_the_plain_arguments_alone(tmp_path: Path, how: str) -> None:
    found = ended(tmp_path, how, things=[SECRET], more={"deep": 1})
    assert found.data["invocation"] == {"module_args": {"how": how, "path": "/p", "other": None}}
    assert "THESECRET" not in found.output


# What Ansible, or the module itself, says about a value that is a key.
QUOTED: List[Tuple[str, Dict[str, Any], str]] = [
    ("stay", {"more": SECRET}, "dictionary requested, could not parse JSON or key=value"),
    ("stay", {"more": {"deep": SECRET}}, "[PEM not shown]"),
    ("stay", {SECRET: 1}, "[PEM not shown]"),
    ("key", {"things": [SECRET]}, "things: is not [PEM not shown]"),
    # Part of a path, which doesn't look like a key.
    ("half", {"path": KEY.replace("\n", "/")}, "is no folder"),
    ("half", {"things": [KEY]}, "is no folder"),
    ("half", {"things": KEY.splitlines()}, "is no folder"),
    ("half", {"things": _bulk_argument.pack(json.dumps([{"a": KEY}]))}, "is no folder"),
    ("bug", {"things": [KEY]}, "unexpected KeyError at module.py:"),
    ("exception", {"things": [KEY]}, "the disk: [PEM not shown]"),
]


@pytest.mark.parametrize(("how", "arguments", "words"), QUOTED, ids=range(len(QUOTED)))
def test_an_error_that_would_quote_a_key_does_not(tmp_path: Path, how: str, arguments: Dict[str, Any], words: str) -> None:
    found = ended(tmp_path, how, **arguments)
    assert found.failed
    assert words in found.msg
    assert "THESECRET" not in found.output
    assert keys.leaked(found.output, KEY) == []


def test_a_result_and_its_warnings_quote_no_key(tmp_path: Path) -> None:
    for arguments in ({"things": [KEY]}, {"path": KEY}, {"more": {"deep": 1}, "things": [{KEY: [KEY]}]}):
        found = ended(tmp_path, "result", **arguments)
        assert (found.code, found.failed) == (0, False)
        assert found.data["result"] == {"[PEM not shown]": ["[PEM not shown]"]}
        assert found.warnings == ["not [PEM not shown]"]
        assert "not [PEM not shown]" in str(found.data["deprecations"])
        assert keys.leaked(found.output, KEY) == []


def test_what_a_terminal_would_obey_is_written_in_words(tmp_path: Path) -> None:
    found = ended(tmp_path, "strange")
    assert (found.msg, found.warnings) == (r"/a: \x1b[2J", [r"a\x1b[2Jb"])


def test_an_error_that_nobody_expected_has_its_type_and_place(tmp_path: Path) -> None:
    found = ended(tmp_path, "bug", "other", other="plain")
    assert re.match(r"unexpected KeyError at module\.py:\d+ \(run\), called from _module\.py:\d+ \(done\), ", found.msg)
    assert "called from _module.py:" in found.msg.partition("(done)")[2]
    assert "argument" not in found.data
    assert found.data["other"] == "plain"


def test_an_error_of_ansible_s_own_code_is_no_traceback(tmp_path: Path) -> None:
    # This fails before the module's own code runs.
    found = ended(tmp_path, "early", things=[KEY])
    assert found.failed
    assert "unexpected ValueError at module.py:" in found.msg
    assert keys.leaked(found.output, KEY) == []


def test_other_errors_of_ansible_s_stay(tmp_path: Path) -> None:
    assert "'deep' is of type str" in ended(tmp_path, "stay", more={"deep": "x"}).msg
    assert "nosuch" in ended(tmp_path, "stay", nosuch=1).msg


def test_the_log_has_no_arguments(tmp_path: Path) -> None:
    ended(tmp_path, "log", things=[SECRET, KEY], other="plain")
    log = (tmp_path / "log").read_text()
    assert "Invoked" in log
    assert "a message" in log
    assert "a key [PEM not shown]" in log
    assert keys.leaked(log, KEY) == []
    assert "SECRET" not in log
    assert "plain" not in log


# The host


class Host:
    """The part of a module that the functions below need."""

    def __init__(self, check_mode: bool = False, **params: Any) -> None:
        self.params = params
        self.check_mode = check_mode


@pytest.mark.parametrize("name", [os.path.basename(BINARY), BINARY])
def test_the_uwsgi_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PATH", "/nonexistent::" + os.path.dirname(BINARY))
    found: Uwsgi = _module.host_uwsgi(Host(uwsgi_binary=name))  # type: ignore[arg-type]
    assert found.binary == BINARY
    assert found.start([BINARY, "--version"], None, None)().code == 0
    assert _module.host_uwsgi(Host(uwsgi_binary=name + "-nosuch")).binary is None  # type: ignore[arg-type]


def test_a_program_is_looked_for_where_users_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(name for name in os.listdir("/usr/sbin") if os.access("/usr/sbin/" + name, os.X_OK))
    for path in ("", "/nonexistent"):
        monkeypatch.setenv("PATH", path)
        found = _module.host_uwsgi(Host(uwsgi_binary=name)).binary  # type: ignore[arg-type]
        assert found in ("/sbin/" + name, "/usr/sbin/" + name)
    monkeypatch.delenv("PATH")
    assert _module.host_uwsgi(Host(uwsgi_binary=name)).binary  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("validate", "binary", "wanted"),
    [(None, BINARY, True), (True, BINARY, True), (False, BINARY, False), (None, "nosuch", False), (False, "nosuch", False)],
)
def test_it_validates_where_it_can_unless_told_otherwise(validate: Any, binary: str, wanted: bool) -> None:
    host: Any = Host(uwsgi_binary=binary, validate=validate)
    assert _module.wants_validation(host, _module.host_uwsgi(host)) is wanted


def test_to_validate_without_a_uwsgi_is_an_error() -> None:
    host: Any = Host(uwsgi_binary="nosuch", validate=True)
    with pytest.raises(ArgumentError) as caught:
        _module.wants_validation(host, _module.host_uwsgi(host))
    assert str(caught.value) == "validate: the host has no nosuch; install uWSGI first, or set uwsgi_binary"


# The user that a vassal runs as: what is given, and who that is.
RUNNERS: List[Tuple[Any, Optional[Identity]]] = [
    (None, None),
    ("", None),
    ("nobody", identity(NOBODY)),
    (str(NOBODY), identity(NOBODY)),
    ("12345678", Identity(12345678, 12345678)),
    # As root the dry run does nothing.
    ("root", Identity(0, 0)),
    ("0", Identity(0, 0)),
]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(("name", "expected"), RUNNERS)
def test_who_runs_a_vassal_is_looked_up(name: Optional[str], expected: Optional[Identity], check_mode: bool) -> None:
    assert _module.runner(name, "user", check_mode) == expected


def test_a_runner_that_the_host_does_not_know_is_an_error_but_in_check_mode() -> None:
    assert _module.runner("no-such-user", "vassals[3].owner", True) is None
    with pytest.raises(ArgumentError) as caught:
        _module.runner("no-such-user", "vassals[3].owner", False)
    assert str(caught.value) == "vassals[3].owner: the host has no user 'no-such-user'; create it first"


def test_a_name_is_resolved_to_its_first_ipv4_address() -> None:
    assert _module.resolve("localhost") == "127.0.0.1"
    assert _module.resolve("10.0.0.7") == "10.0.0.7"
    for name in ("nosuch.invalid", "::1"):
        with pytest.raises(socket.gaierror):
            _module.resolve(name)
