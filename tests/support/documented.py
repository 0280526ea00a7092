# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleets of the README and the first guide, with loopback hosts in place of the real ones."""

from __future__ import annotations

import os
import re
import tempfile
import textwrap
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from support import playbook
from support.loopback import free_address, wait_for
from support.modules import ROOT
from support.uwsgi import BINARY

README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "docsite" / "rst" / "first-fleet.rst"
_ADDRESS = re.compile(r"\b10\.0\.0\.\d+\b")


class Fleet:
    """A fleet deployed in a folder, with a folder for each host.

    Attributes:
        files: the page's files, by name.
        run: the folder of the hosts' sockets.
    """

    def __init__(self, folder: Path, page: Path) -> None:
        self._folder = folder
        # A short path, since it contains sockets.
        self.run = tempfile.mkdtemp(prefix="fleet-")
        # The application is that of the guide.
        found = {**files_of(GUIDE.read_text(encoding="utf-8")), **files_of(page.read_text(encoding="utf-8"))}
        text = "\n".join(found.values())
        # On one machine a port on all addresses can only be used once.
        self._addresses = {one: free_address().partition(":")[0] for one in sorted({"10.0.0.8", *_ADDRESS.findall(text)})}
        self.files = {name: self.moved(one) for name, one in found.items()}
        own = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": playbook.PYTHON,
            "emperor_install": "none",
            "emperor_binary": BINARY,
            "emperor_supervisor": "daemon",
            "emperor_user": "",
            "emperor_dir": str(folder) + "/hosts/{{ inventory_hostname }}",
            "emperor_run_dir": self.run + "/{{ inventory_hostname }}",
            "fastrouter_http": "{{ ansible_host }}:8080",
            "fastrouter_listen": "{{ ansible_host }}:3030",
            "fastrouter_subscription_server": "{{ ansible_host }}:2626",
            "fastrouter_stats": "{{ ansible_host }}:2627",
            "fastrouter_http_stats": "{{ ansible_host }}:2628",
        }
        (folder / "own.yml").write_text(yaml.safe_dump(own), encoding="utf-8")

    def moved(self, text: str) -> str:
        """A text with this fleet's addresses and folder."""
        return _ADDRESS.sub(lambda found: self._addresses[found[0]], text).replace("/srv/", str(self._folder) + "/srv/")

    def play(self, name: str, *arguments: str) -> str:
        """Run one of its playbooks, or one of the collection's; returns the output."""
        for file in {"inventory.yml", name} & set(self.files):
            (self._folder / file).write_text(self.files[file], encoding="utf-8")
        given = ("--inventory=inventory.yml", "--extra-vars=@own.yml", name, *arguments)
        done = playbook.command("ansible-playbook", *given, folder=self._folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, name: str, *arguments: str) -> str:
        """Run a playbook that must fail; returns the output."""
        given = ("--inventory=inventory.yml", "--extra-vars=@own.yml", name, *arguments)
        done = playbook.command("ansible-playbook", *given, folder=self._folder)
        assert done.returncode != 0, done.stdout
        return done.stdout

    def settled(self, *addresses: str) -> None:
        """Wait until every router has exactly these nodes."""
        wait_for("the nodes", lambda: self.nodes() == self.expected(*addresses))

    def answers(self, key: str) -> list[bytes]:
        """What each of its routers answers to a request."""
        return [_get(f"http://{router}:8080/", key) for router in self._routers()]

    def stats(self) -> list[str]:
        """The stats servers of its routers."""
        return [router + ":2627" for router in self._routers()]

    def left(self) -> list[str]:
        """The content of the hosts' folders."""
        return sorted(str(path) for path in (self._folder / "hosts").glob("*/*"))

    def _routers(self) -> list[str]:
        hosts = yaml.safe_load(self.files["inventory.yml"])["all"]["children"]["fastrouters"]["hosts"]
        return [str(one["ansible_host"]) for one in hosts.values()]

    def nodes(self) -> list[str]:
        """The addresses that every router has, sorted."""
        stats = self.stats()
        found = playbook.tasks(self._folder, [{"emperor.uwsgi.uwsgi_router_info": {"router_stats": stats}}]).results[0]
        pools = found.get("pools", [])
        nodes = [node for pool in pools for node in pool["nodes"] if len(node["fresh_on"]) == len(stats)]
        return sorted({node["address"] for node in nodes})

    def expected(self, *addresses: str) -> list[str]:
        """The nodes with the page's addresses, as the routers list them."""
        return sorted(self._addresses[one] + ":3031" for one in addresses)


@contextmanager
def removed(fleet: Fleet) -> Iterator[None]:
    """Remove a fleet at the end, by its page's own playbook, and check that nothing is left."""
    try:
        yield
    finally:
        fleet.play("site.yml", "--extra-vars=emperor_state=absent")
        # It must be empty.
        os.rmdir(fleet.run)
    assert fleet.left() == []


@contextmanager
def deployed(folder: Path, page: Path) -> Iterator[Fleet]:
    """A page's fleet, deployed by its own playbooks, and removed at the end."""
    fleet = Fleet(folder, page)
    fleet.play("app.yml")
    with removed(fleet):
        fleet.play("site.yml")
        yield fleet


def files_of(text: str) -> dict[str, str]:
    """The files that a page shows: the blocks whose first line is a comment with a name."""
    fenced = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^\.\. code-block:: yaml\S*\n((?:\n|[ \t]+\S.*\n)+)", text, re.MULTILINE)
    found = [*fenced, *(textwrap.dedent(one).strip() + "\n" for one in indented)]
    named = [(re.match(r"# (\S+\.yml)\n", one), one) for one in found]
    return {name[1]: one for name, one in named if name}


def _get(url: str, host: str) -> bytes:
    request = urllib.request.Request(url, headers={"Host": host})

    def ask() -> bytes:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return bytes(answer.read())
        except OSError:
            return b""

    return wait_for(f"an answer of {host} at {url}", ask)
