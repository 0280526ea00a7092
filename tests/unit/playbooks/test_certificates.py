# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``certificates``, on the fleet of the README with an https front on each router."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import restarts
from ansible_collections.emperor.uwsgi.plugins.module_utils._tls import certificate, served
from support import keys, playbook, tls
from support.documented import README, Fleet, deployed, files_of
from support.modules import ROOT

CERTIFICATES, RESTART = (str(ROOT / "playbooks" / f"{name}.yml") for name in ("certificates", "restart_routers"))
GUIDE = ROOT / "docs" / "docsite" / "rst" / "certificates.rst"
HOOK = """
- name: Note it
  ansible.builtin.lineinfile:
    path: {log}
    line: "{{{{ inventory_hostname }}}} {word}"
    create: true
    mode: "0644"
"""


class Fronts:
    """The https fronts of a fleet's routers."""

    def __init__(self, folder: Path, fleet: Fleet) -> None:
        self._folder, self._fleet = folder, fleet
        self._routers = [one.rpartition(":")[0] for one in fleet.stats()]
        self.files = tls.pair(folder, "router.example.com")
        self.log = folder / "log"
        for word in ("before", "after"):
            (folder / f"{word}.yml").write_text(HOOK.format(log=self.log, word=word), encoding="ascii")

    def told(self, **more: object) -> str:
        """The variables of the fronts."""
        own = {
            "fastrouter_https": "{{ ansible_host }}:8443",
            "fastrouter_https_stats": "{{ ansible_host }}:2638",
            "fastrouter_https_certificate": self.files[0],
            "fastrouter_https_key": self.files[1],
            "emperor_router_stats": self._fleet.stats(),
        }
        return "--extra-vars=" + json.dumps({**own, **more})

    def hooks(self) -> dict[str, str]:
        return {f"fastrouter_{word}_restart": str(self._folder / f"{word}.yml") for word in ("before", "after")}

    def renew(self, **more: object) -> None:
        Path(self.files[0]).write_text(keys.certificate("router.example.com", **more), encoding="ascii")  # type: ignore[arg-type]

    def serve_the_file(self) -> list[bool]:
        expected = certificate.first(Path(self.files[0]).read_text(encoding="ascii")).der
        return [served.certificate(router + ":8443", "router.example.com", 10) == expected for router in self._routers]

    def pids(self, port: int) -> list[int]:
        return [restarts.look(f"{router}:{port}", 10, lambda *dummy: b"", 17).pid for router in self._routers]


def hook(folder: Path, renewed: tuple[str, str], files: tuple[str, str]) -> str:
    """The playbook of the guide's deploy hook, with other folders, and without an owner, which only root can give."""
    lineage = folder / "letsencrypt" / "live"
    lineage.mkdir(parents=True)
    text = files_of(GUIDE.read_text(encoding="utf-8"))["renew.yml"]
    for name, path, copied, wanted in zip(("fullchain.pem", "privkey.pem"), renewed, ("shop.crt", "shop.key"), files):
        (lineage / name).symlink_to(path)
        text = text.replace(f"to: {copied}", f"to: {Path(wanted).name}")
    text = text.replace("/etc/letsencrypt/live/shop.example.com", str(lineage)).replace("/etc/uwsgi/tls", str(folder))
    return "".join(line for line in text.splitlines(True) if "www-data" not in line)


def changed(output: str) -> bool:
    return any(f"changed={count}" in output for count in range(1, 10))


@pytest.mark.long
def test_renewed_certificates_are_served(tmp_path: Path) -> None:
    with deployed(tmp_path, README) as fleet:
        fronts = Fronts(tmp_path, fleet)
        fleet.play("site.yml", fronts.told())
        assert fronts.serve_the_file() == [True, True]
        said = fleet.play(CERTIFICATES, fronts.told(**fronts.hooks()))
        assert (changed(said), fronts.log.exists()) == (False, False), said
        assert "https: current; the file's is valid until 20" in said
        fronts.renew()
        before = fronts.pids(2638), fronts.pids(2627)
        said = fleet.play(CERTIFICATES, fronts.told(), "--check")
        assert (changed(said), fronts.serve_the_file(), fronts.pids(2638)) == (True, [False, False], before[0])
        fleet.play(CERTIFICATES, fronts.told(**fronts.hooks()))
        assert fronts.serve_the_file() == [True, True]
        # Only the fronts are restarted, one after the other.
        assert (set(fronts.pids(2638)) & set(before[0]), fronts.pids(2627)) == (set(), before[1])
        assert fronts.log.read_text().splitlines() == [
            f"{name} {word}" for name in ("router1", "router2") for word in ("before", "after")
        ]
        # When the certificate and the key don't match, nothing is restarted.
        after = fronts.pids(2638), fronts.pids(2627)
        fronts.renew(key_of="other.example.com")
        for name in (CERTIFICATES, RESTART):
            refused = " ".join(fleet.refused(name, fronts.told(**fronts.hooks())).split())
            assert f"{fronts.files[1]} is the key of another certificate" in refused, refused
        assert (fronts.pids(2638), fronts.pids(2627)) == after
        assert len(fronts.log.read_text().splitlines()) == 4
        # certbot's deploy hook brings another pair.
        renewed = tls.pair(tmp_path, "router.example.com", "renewed", end=48 * 3600.0)
        fleet.files["renew.yml"] = hook(tmp_path, renewed, fronts.files)
        fleet.play("renew.yml", fronts.told())
        assert Path(fronts.files[0]).read_bytes() == Path(renewed[0]).read_bytes()
        assert fronts.serve_the_file() == [True, True]


@pytest.mark.parametrize("hosts", ["fastrouters", "routre1"])
def test_routers_that_are_not_there_are_refused(hosts: str, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {children: {routers: {hosts: {router1: }}}}", encoding="ascii")
    given = [] if hosts == "fastrouters" else ["-e", "certificates_hosts=" + hosts]
    done = playbook.command("ansible-playbook", "-i", "hosts.yml", CERTIFICATES, *given, folder=tmp_path)
    assert (done.returncode != 0, f"{hosts} is not a host or group" in done.stdout) == (True, True), done.stdout
