# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleets of the README and of the first guide, deployed as they stand there, with hosts of loopback in place of theirs."""

from __future__ import annotations

import re
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

GUIDE = ROOT / "docs" / "docsite" / "rst" / "first-fleet.rst"
_ADDRESS = re.compile(r"\b10\.0\.0\.\d+\b")


class Fleet:
    """One that is deployed in a folder, each host in a folder of its own there.

    Attributes:
        files: the page's files, by their names.
    """

    def __init__(self, folder: Path, page: Path) -> None:
        self._folder = folder
        # The application is that of the guide.
        found = {**_files(GUIDE.read_text(encoding="utf-8")), **_files(page.read_text(encoding="utf-8"))}
        text = "\n".join(found.values())
        # On one machine nobody can have a port on all addresses.
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
            "emperor_run_dir": str(folder) + "/hosts/{{ inventory_hostname }}/run",
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
        """Run one of its playbooks; what was printed."""
        (self._folder / "inventory.yml").write_text(self.files["inventory.yml"], encoding="utf-8")
        (self._folder / name).write_text(self.files[name], encoding="utf-8")
        given = ("--inventory=inventory.yml", "--extra-vars=@own.yml", name, *arguments)
        done = playbook.command("ansible-playbook", *given, folder=self._folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def answers(self, key: str) -> list[bytes]:
        """What each of its routers answers to a request."""
        hosts = yaml.safe_load(self.files["inventory.yml"])["all"]["children"]["fastrouters"]["hosts"]
        return [_get(f"http://{one['ansible_host']}:8080/", key) for one in hosts.values()]

    def nodes(self) -> list[str]:
        """The addresses that every router has, sorted."""
        hosts = yaml.safe_load(self.files["inventory.yml"])["all"]["children"]["fastrouters"]["hosts"]
        stats = [f"{one['ansible_host']}:2627" for one in hosts.values()]
        found = playbook.tasks(self._folder, [{"emperor.uwsgi.uwsgi_router_info": {"router_stats": stats}}]).results[0]
        pools = found.get("pools", [])
        nodes = [node for pool in pools for node in pool["nodes"] if len(node["fresh_on"]) == len(stats)]
        return sorted({node["address"] for node in nodes})

    def expected(self, *addresses: str) -> list[str]:
        """The nodes of the page's addresses, as the routers have them."""
        return sorted(self._addresses[one] + ":3031" for one in addresses)


@contextmanager
def deployed(folder: Path, page: Path) -> Iterator[Fleet]:
    """A page's fleet, which is removed in the end, by its own playbook."""
    fleet = Fleet(folder, page)
    try:
        fleet.play("app.yml")
        fleet.play("site.yml")
        yield fleet
    finally:
        fleet.play("site.yml", "--extra-vars=emperor_state=absent")
    assert list((folder / "hosts").glob("*/*")) == []


def _files(text: str) -> dict[str, str]:
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


def test_the_first_guide_works(tmp_path: Path) -> None:
    with deployed(tmp_path, GUIDE) as fleet:
        wait_for("the node", lambda: fleet.nodes() == fleet.expected("10.0.0.7"))
        assert all(fleet.answers("shop.example.com"))
        assert set(re.findall(r"changed=(\d+)", fleet.play("site.yml"))) == {"0"}
        assert [path.name for path in (tmp_path / "signing_keys").iterdir()] == ["shop.example.com.pem"]

        added = re.search(r"``(node2: \{.*\})``", GUIDE.read_text(encoding="utf-8"))
        assert added
        nodes = re.search(r"^( +)node1: .*\n", fleet.files["inventory.yml"], re.MULTILINE)
        assert nodes
        line = nodes[1] + fleet.moved(added[1]) + "\n"
        fleet.files["inventory.yml"] = fleet.files["inventory.yml"].replace(nodes[0], nodes[0] + line)
        for name in ("app.yml", "site.yml"):
            assert "node1" not in fleet.play(name, "--limit=node2")
        wait_for("both nodes", lambda: fleet.nodes() == fleet.expected("10.0.0.7", "10.0.0.8"))


def test_the_fleet_of_the_readme_works(tmp_path: Path) -> None:
    with deployed(tmp_path, ROOT / "README.md") as fleet:
        wait_for("both nodes on both routers", lambda: fleet.nodes() == fleet.expected("10.0.0.7", "10.0.0.8"))
        for key in ("shop.example.com", "www.shop.example.com"):
            assert all(fleet.answers(key)), key
