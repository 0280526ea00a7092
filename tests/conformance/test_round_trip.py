# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real parser reads exactly the text that the collection accepted."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values as _values
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.options import option_lines
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_1
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import writer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import ini, playbook
from support.loopback import Listener, free_address, wait_for
from support.text import TEXT, VARIABLES
from support.uwsgi import BINARY, RELEASE, Instance, plugin_lines, read

# How many values the tests generate.
COUNT = 2400
# Arguments and uWSGI's names for them in an announcement.
FIELDS = {"key": "key", "address": "address", "sni_cert": "sni_crt", "sni_key": "sni_key"}
_DUMP = """
import json, os, uwsgi
found = {name: value.decode("utf-8") for name, value in uwsgi.opt.items() if name.startswith("v-") and value is not True}
with open(os.environ["DUMP"], "w", encoding="ascii") as stream:
    json.dump(found, stream)
os._exit(0)
"""


def generated(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """That many generated values. One start of uWSGI reads them all, so they are generated first and checked together."""
    found: list[Any] = []

    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    while len(found) < count:
        collect()
    return found[:count]


def read_by_uwsgi(folder: Path, text: str, count: int) -> list[str | None]:
    """The values that a real uWSGI reads for the options v-0, v-1, ... in a section's text."""
    script, dump, path = folder / "dump.py", folder / "dump.json", folder / "options.ini"
    script.write_text(_DUMP, encoding="ascii")
    lines = ["socket = 127.0.0.1:0", f"env = DUMP={dump}", f"wsgi-file = {script}", "need-app = true"]
    path.write_text(text + "\n".join([*plugin_lines("python3"), *lines, ""]), encoding="utf-8", newline="")
    # Not strict: uWSGI also keeps names that aren't options, and the script can read them.
    environment = {**os.environ, **VARIABLES}
    found = subprocess.run([BINARY, "--ini", str(path)], env=environment, capture_output=True, timeout=60, check=False)
    assert dump.exists(), found.stderr.decode("utf-8", "replace")
    read = json.loads(dump.read_text(encoding="ascii"))
    return [read.get(f"v-{at}") for at in range(count)]


def lines_of(values: list[str], literal: bool) -> list[writer.Line]:
    return [writer.Line(f"v-{at}", value, literal) for at, value in enumerate(values)]


def literal(name: str) -> st.SearchStrategy[str]:
    """Text that an option accepts literally."""
    return TEXT.filter(lambda text: bool(text) and writer.line_flaw(name, text) is None)


def test_options_come_back_from_the_real_parser(tmp_path: Path) -> None:
    values = generated(literal("v-0"), COUNT)
    assert len(set(values)) >= COUNT // 2
    read = read_by_uwsgi(tmp_path, writer.render("uwsgi", lines_of(values, True)), len(values))
    assert [pair for pair in zip(values, read) if pair[0] != pair[1]] == []


def test_literal_values_among_raw_options_come_back(tmp_path: Path) -> None:
    # uWSGI evaluates set-ph while it reads the line, so the collection writes such values differently.
    values, placeholders = generated(literal("v-0"), 300), generated(literal("set-ph"), 300)
    given_options = {f"v-{at}": {"literal": value} for at, value in enumerate(values)}
    given_options["set-ph"] = [{"literal": f"v-{at}={value}"} for at, value in enumerate(placeholders, len(values))]
    lines = [line for found in option_lines("options", given_options).values() for line in found]
    read = read_by_uwsgi(tmp_path, writer.render("uwsgi", lines), len(values + placeholders))
    assert [pair for pair in zip(values + placeholders, read) if pair[0] != pair[1]] == []


# uWSGI replaces or drops parts of these unless they are literal.
SECRETS = ["PW=abc%", "PW=p%ss", "PW=%%", "PW=$(a)", "PW=@(/etc/passwd)", "PW=a%(b", "PW= a ", "PW=%n%d", '"PW"=\\', "=;#["]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_literal_secret_reaches_uwsgi(secret: str, tmp_path: Path) -> None:
    lines = option_lines("options", {"env": [{"literal": secret}], "procname": "MODE=production"})
    text = writer.render("uwsgi", [line for found in lines.values() for line in found])
    assert (read(tmp_path, "env", text), read(tmp_path, "procname", text)) == (secret, "MODE=production")


@pytest.mark.parametrize("value", ["a%", "%%%", "%n%"])
def test_a_value_that_is_refused_swallows_the_next_line(value: str, tmp_path: Path) -> None:
    assert writer.swallows(value)
    assert read(tmp_path, "env", f"[uwsgi]\nenv = {value}\nprocname = b\n").endswith("procname = b")


def test_the_second_reader_reads_as_the_real_one(tmp_path: Path) -> None:
    """The unit tests check the writer against it, so it has to be right."""

    def plain(text: str) -> bool:
        try:
            return bool(ini.read(f"[uwsgi]\nx = {text}\n")[0][1])
        except ini.SuspiciousError:
            return False

    values = generated(TEXT.map(lambda text: text.replace("%", "%%")).filter(plain), 500)
    text = writer.render("uwsgi", lines_of(values, False))
    expected = [value for dummy, value in ini.read(text)]
    assert read_by_uwsgi(tmp_path, text, len(values)) == expected


def accepts(check: Callable[[str, str], Any]) -> Callable[[str], bool]:
    """A predicate: whether a check of values accepts a text."""

    def accepted(text: str) -> bool:
        try:
            check("", text)
        except ArgumentError:
            return False
        return True

    return accepted


def test_fields_come_back_on_the_wire(tmp_path: Path) -> None:
    paths = TEXT.map(lambda text: "/" + text)
    files = paths.filter(accepts(_values.file))
    entries = st.fixed_dictionaries(
        {
            "key": TEXT.filter(accepts(_values.key)),
            "address": paths.filter(accepts(_values.address)),
            "sni_cert": files,
            "sni_key": files,
        }
    )
    given_entries = generated(entries, COUNT // 2)
    if RELEASE >= V2_1:
        # 2.1 does not announce a domain along with its mountpoints.
        given_entries = [entry for entry in given_entries if "/" not in entry["key"]]
    wanted = {tuple(entry[name] for name in FIELDS) for entry in given_entries}
    assert len({value for values in wanted for value in values}) >= COUNT // 2
    fragment = tmp_path / "fragment.ini"
    with Listener() as listener:
        subscriptions = [{"server": listener.address, **entry} for entry in given_entries]
        # As data in a file, which Ansible doesn't change; values in a playbook would be templates.
        (tmp_path / "subscriptions.json").write_text(json.dumps(subscriptions), encoding="ascii")
        task = {
            "emperor.uwsgi.uwsgi_subscription": {
                "path": str(fragment),
                "subscriptions": "{{ lookup('ansible.builtin.file', 'subscriptions.json') | from_json }}",
                "client_params": {"announce_interval": 1},
            }
        }
        run = playbook.tasks(tmp_path, [task])
        assert not run.results[0]["failed"], run.results[0]["msg"]
        node = Instance(tmp_path, "socket = " + free_address(), f"include = {fragment}", environment=VARIABLES)
        with node:
            # One round may be more than the socket's buffer holds, but a round is sent every second.
            wait_for("every subscription", lambda: len(announced(listener)) >= len(wanted))
    assert announced(listener) == wanted


def announced(listener: Listener) -> set[tuple[str, ...]]:
    """The announcements so far, with their fields in the order of FIELDS."""
    return {tuple(packet.fields[field] for field in FIELDS.values()) for packet in listener.poll()}
