# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to logs: what a role makes of its variables, its logrotate with files that uWSGI writes, and its commands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import textwrap
import urllib.request
from pathlib import Path

import pytest
import yaml
from support import playbook
from support.documented import Fleet, files_of, removed
from support.loopback import free_address, wait_for
from support.modules import ROOT
from support.uwsgi import BINARY, Instance

LOGS = ROOT / "docs" / "docsite" / "rst" / "logs.rst"
FLEET = ROOT / "docs" / "docsite" / "rst" / "first-fleet.rst"
TEXT = LOGS.read_text(encoding="utf-8")
# It answers with what its standard output is.
APP = """
import os, stat
def application(environ, start_response):
    print("the application at " + environ["PATH_INFO"], flush=True)
    start_response("200 OK", [])
    kind = "file" if stat.S_ISREG(os.fstat(1).st_mode) else "pipe"
    return ["{} {}".format(kind, "blocks" if os.get_blocking(1) else "loses lines").encode()]
"""


def rotate(folder: Path) -> None:
    """Rotate the logs of a folder with the guide's configuration and the real logrotate, if there is one."""
    found = re.search(r"^\.\. code-block:: text\n\n((?:\n|    .*\n)+)", TEXT, re.MULTILINE)
    assert found and "/etc/logrotate.d/" in found[1]
    (folder / "rotate.conf").write_text(textwrap.dedent(found[1]).replace("/var/log", str(folder)), encoding="ascii")
    (folder / "rotate.conf").chmod(0o644)
    program = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip("logrotate is not installed, so the guide's configuration is not checked")
    command = [program, "--force", "--state", str(folder / "state"), str(folder / "rotate.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_logs_of_a_fleet_are_rotated(tmp_path: Path) -> None:
    """The daemon's log, and a vassal's own."""
    fleet = Fleet(tmp_path, FLEET)
    logs = tmp_path / "logs"
    for name in ("shop", "emperor-uwsgi"):
        (logs / name).mkdir(parents=True)
        # logrotate requires a folder that only its owner can write to.
        (logs / name).chmod(0o755)
    own = files_of(fleet.moved(TEXT).replace("/var/log", str(logs)))
    # Without subscriptions, so that nothing waits for routers.
    [vassal] = yaml.safe_load(own["group_vars/nodes.yml"])["emperor_vassals"]
    given = {"emperor_log_dir": f"{logs}/emperor-uwsgi", "emperor_vassals": [{**vassal, "subscriptions": []}]}
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "node1.yml").write_text(own["host_vars/node1.yml"] + yaml.safe_dump(given), encoding="utf-8")
    fleet.files["inventory.yml"] = re.sub(r"\n +emperor_vassals:\n(?: +.*\n)+", "\n", fleet.files["inventory.yml"])
    fleet.play("app.yml")
    with removed(fleet):
        fleet.play("site.yml", "--limit=nodes")
        assert "spawned uWSGI worker 1" in (logs / "shop" / "shop.log").read_text("utf-8")
        daemon = logs / "emperor-uwsgi" / "emperor.log"
        assert "uWSGI Emperor" in daemon.read_text("utf-8")
        ini = next((tmp_path / "hosts").rglob("vassals/shop.ini")).read_text("utf-8")
        assert {"disable-logging = true", "log-5xx = true", "log-slow = 1000"} <= set(ini.splitlines())
        rotate(logs)
        for path in (logs / "shop" / "shop.log", daemon):
            assert path.stat().st_size == 0, path
            assert path.with_name(path.name + ".1").stat().st_size > 0
        # The Emperor logs the change and the vassal its reload, both at the start of their new files.
        os.utime(next((tmp_path / "hosts").rglob("vassals/shop.ini")))
        wait_for("the Emperor's line", lambda: b"shop.ini" in daemon.read_bytes())
        wait_for("the vassal's lines", lambda: b"gracefully" in (logs / "shop" / "shop.log").read_bytes())
        assert all(b"\0" not in path.read_bytes() for path in (logs / "shop" / "shop.log", daemon))


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("", "file blocks"),
        ("log-maxsize = 1000000", "pipe loses lines"),
        ("touch-logreopen = /dev/null", "pipe loses lines"),
        ("logger = file:/dev/null", "pipe loses lines"),
    ],
)
def test_what_rotates_by_itself_loses_lines(option: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP, encoding="ascii")
    address = free_address()
    lines = [f"http-socket = {address}", f"wsgi-file = {tmp_path}/app.py", f"logto = {tmp_path}/own.log", option]
    with Instance(tmp_path, *lines, plugin="python3") as shop:
        found = wait_for("the application", lambda: answer(address) or shop.pid < 0)
    assert found == expected


def answer(address: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}/", timeout=10) as found:
            return str(found.read().decode())
    except OSError:
        return ""


def commands() -> list[str]:
    return [line.partition("#")[0].strip() for line in re.findall(r"^    \$ (journalctl .*)", TEXT, re.MULTILINE)]


def test_the_journal_understands_the_commands(tmp_path: Path) -> None:
    if not shutil.which("journalctl"):
        pytest.skip("journalctl is not installed, so the guide's commands are not checked")
    assert len(commands()) == 6
    for command in commands():
        given = [one for one in shlex.split(command) if one != "-f"]
        # An empty journal, and without -f.
        done = subprocess.run([*given, f"--directory={tmp_path}"], capture_output=True, text=True, timeout=30, check=False)
        assert "nrecognized" not in done.stderr and "invalid" not in done.stderr and "parse" not in done.stderr, done.stderr


def test_the_controller_asks_all_nodes(tmp_path: Path) -> None:
    """With a program in place of journalctl, since the journal here is empty."""
    [line] = re.findall(r"^    \$ (ansible nodes .*)", TEXT, re.MULTILINE)
    program, *arguments = shlex.split(line)
    (tmp_path / "journalctl").write_text('#!/bin/sh\necho "asked for $*"\n', encoding="ascii")
    (tmp_path / "journalctl").chmod(0o755)
    host = {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON}
    inventory = {"all": {"children": {"nodes": {"hosts": {"node1": host, "node2": host}}}}}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="ascii")
    done = playbook.command(program, *arguments, folder=tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.stdout.count("asked for -u emperor-uwsgi -t shop -n 20 --no-pager") == 2, done.stdout + done.stderr


def test_the_service_reads_its_drop_in(tmp_path: Path) -> None:
    [play] = yaml.safe_load(files_of(TEXT)["journal.yml"])
    content = play["tasks"][1]["ansible.builtin.copy"]["content"]
    assert content == "[Service]\nLogRateLimitIntervalSec=0\n"
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd is not installed, so the drop-in is not checked")
    unit = tmp_path / "emperor-uwsgi.service"
    unit.write_text(f"[Unit]\nDescription=One\n{content}ExecStart={BINARY}\n", encoding="ascii")
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert "LogRateLimit" not in done.stderr, done.stderr
