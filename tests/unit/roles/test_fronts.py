# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several routers on one host: what the role writes for each, and what it refuses. The scenario "fronts" sends requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import keys
from support.loopback import free_address
from support.role import apply

FASTROUTER = "127.0.0.1:3030"


def written(folder: Path, name: str) -> dict[str, str]:
    """A router's options."""
    lines = (folder / "etc" / "routers" / (name + ".ini")).read_text(encoding="utf-8").splitlines()
    return dict(line.split(" = ", 1) for line in lines if " = " in line)


def certified(folder: Path) -> dict[str, Any]:
    """The variables of an https front, with its files."""
    (folder / "own.crt").write_text(keys.certificate("own.test"), encoding="ascii")
    (folder / "own.key").write_text(keys.private("ec", "own.test"), encoding="ascii")
    files = {"fastrouter_https_certificate": str(folder / "own.crt"), "fastrouter_https_key": str(folder / "own.key")}
    addresses = {"fastrouter_https": free_address(), "fastrouter_https_stats": free_address()}
    return {"fastrouter_listen": FASTROUTER, **addresses, **files}


@pytest.mark.parametrize("server", ["", "127.0.0.1:2636"])
def test_the_https_front_has_pools_or_gives_all_to_the_fastrouter(server: str, tmp_path: Path) -> None:
    front = certified(tmp_path)
    run = apply(tmp_path, "fastrouter", "--skip-tags=service", **front, fastrouter_https_subscription_server=server)
    assert run.code == 0, run.output
    found = written(tmp_path, "https")
    assert found["https"] == ",".join(front["fastrouter_https" + name] for name in ("", "_certificate", "_key"))
    assert found["http-timeout"] == "70"
    expected = (server, "17", None) if server else (None, None, FASTROUTER)
    assert tuple(map(found.get, ("http-subscription-server", "subscription-tolerance", "http-to"))) == expected
    assert ("subscriptions-sign-check" in found) is bool(server)


def test_further_routers_have_what_their_plugin_needs(tmp_path: Path) -> None:
    more: list[dict[str, Any]] = [
        {"name": "raw", "options": {"rawrouter": free_address(), "rawrouter-subscription-server": free_address()}},
        {"name": "web", "options": {"http": free_address(), "http-timeout": 5}, "server_params": {"balancing_algo": "wrr"}},
        # What is not a router is left as it is.
        {"name": "other", "options": {"socket": free_address()}},
    ]
    # A package's plugins don't belong to this uWSGI, so it isn't asked.
    package = {"emperor_install": "package", "emperor_binary": "/nowhere/uwsgi"}
    run = apply(tmp_path, "fastrouter", "--skip-tags=service,install", fastrouter_vassals=more, **package)
    assert run.code == 0, run.output
    raw, web, other = (written(tmp_path, name) for name in ("raw", "web", "other"))
    assert [one.get("need-plugins") for one in (raw, web, other)] == ["rawrouter", "http", None]
    assert (raw["rawrouter-timeout"], web["http-timeout"], web["http-headers-timeout"]) == ("70", "5", "10")
    assert [one["subscription-algo"] for one in (raw, web, other)] == ["wlrc", "wrr", "wlrc"]
    assert {one["subscriptions-sign-check-tolerance"] for one in (raw, web, other)} == {"300"}


@pytest.mark.parametrize("missing", ["own.key", "sni.key"])
def test_a_certificate_that_cannot_be_read_is_refused_before_the_routers_are_written(missing: str, tmp_path: Path) -> None:
    front = certified(tmp_path)
    for name in ("sni.crt", "sni.key"):
        (tmp_path / name).touch()
    (tmp_path / missing).unlink()
    sni = {"sni_cert": str(tmp_path / "sni.crt"), "sni_key": str(tmp_path / "sni.key")}
    vassals = [{"name": "a", "subscriptions": [{"server": "localhost:2636", "key": "a.test", **sni}]}]
    hosts = {"localhost": {"ansible_connection": "local"}, "node": {"emperor_vassals": vassals}}
    (tmp_path / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    front |= {"fastrouter_nodes": ["node"], "fastrouter_https_subscription_server": "127.0.0.1:2636"}
    run = apply(tmp_path, "fastrouter", "--skip-tags=service", "--inventory=inventory.yml", **front)
    assert run.code != 0
    assert f"{tmp_path / missing}: emperor_user can't read them" in " ".join(run.output.split())
    assert not (tmp_path / "etc" / "routers").exists()
