# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What routers serve compared with the files, by the module as Ansible runs it, with TLS servers in place of routers."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._tls import certificate
from support import keys, modules, tls
from support.loopback import free_address

DAY = 24 * 3600


def entry(address: str, files: tuple[str, str], name: str = "", router: str = "https") -> dict[str, Any]:
    return {"router": router, "address": address, "name": name, "certificate": files[0], "key": files[1]}


def run(*entries: dict[str, Any], **more: Any) -> modules.Result:
    return modules.run("uwsgi_certificate_info", {"certificates": list(entries), "timeout": 10, **more})


def states(found: modules.Result) -> list[str]:
    return [one["state"] for one in found.data["certificates"]]


def renewed(files: tuple[str, str], name: str, **more: Any) -> None:
    """Replace a certificate by another one, with the same key unless told otherwise."""
    Path(files[0]).write_text(keys.certificate(name, **more), encoding="ascii")


def test_a_renewed_certificate_makes_its_router_stale(tmp_path: Path) -> None:
    own, shop, other = (tls.pair(tmp_path, f"{name}.test") for name in ("own", "shop", "other"))
    with tls.serving(own, {"shop.test": shop}) as address, tls.serving(other) as second:
        asked = (entry(address, own), entry(address, shop, "shop.test"), entry(second, other, router="sni"))
        found = run(*asked)
        assert (found.failed, found.changed, found.data["stale"]) == (False, False, []), found.output
        assert states(found) == ["current"] * 3
        one = found.data["certificates"][1]
        end = certificate.first(Path(shop[0]).read_text(encoding="ascii")).end
        assert one["fingerprint"] == one["served_fingerprint"]
        assert (one["name"], one["end"][:4].isdigit(), end > 0) == ("shop.test", True, True)
        renewed(shop, "shop.test")
        found = run(*asked)
        assert (found.failed, states(found), found.data["stale"]) == (False, ["current", "stale", "current"], ["https"])
        assert found.data["certificates"][1]["served_fingerprint"] == one["served_fingerprint"]


def test_a_name_that_no_node_announced_needs_no_restart(tmp_path: Path) -> None:
    own, shop = tls.pair(tmp_path, "own.test"), tls.pair(tmp_path, "shop.test")
    with tls.serving(own) as address:
        found = run(entry(address, own), entry(address, shop, "shop.test"))
        assert (found.failed, states(found), found.data["stale"]) == (False, ["current", "unannounced"], [])
        # A renewed certificate of the router's own does need a restart.
        renewed(own, "own.test")
        found = run(entry(address, own), entry(address, shop, "shop.test"))
        assert (states(found), found.data["stale"]) == (["stale", "unannounced"], ["https"])


def test_of_two_files_for_one_name_either_is_current(tmp_path: Path) -> None:
    one, two = tls.pair(tmp_path, "a.test", "one"), tls.pair(tmp_path, "a.test", "two")
    own = tls.pair(tmp_path, "own.test")
    with tls.serving(own, {"a.test": one}) as address:
        found = run(entry(address, one, "a.test"), entry(address, two, "a.test"))
        assert (found.failed, found.data["stale"]) == (False, [])


# How the certificate in the file differs from the served one, and the error about it.
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"key_of": "b.test"}, "{key} is the key of another certificate; put"),
    ({"end": -60}, "expired at "),
    ({"begin": DAY, "end": 2 * DAY}, "is not valid before "),
    ({"names": ["b.test"]}, "is not for a.test, only for b.test; put"),
]


@pytest.mark.parametrize(("made", "words"), BROKEN)
def test_a_broken_pair_is_refused_with_its_path(made: dict[str, Any], words: str, tmp_path: Path) -> None:
    own, shop = tls.pair(tmp_path, "own.test"), tls.pair(tmp_path, "a.test")
    with tls.serving(own, {"a.test": shop}) as address:
        renewed(shop, "a.test", **made)
        found = run(entry(address, own), entry(address, shop, "a.test"))
    assert found.failed
    assert found.msg.startswith(f"{shop[0]}: " + words.format(key=shop[1])), found.msg
    assert states(found)[0] == "current"
    assert found.data["certificates"][1]["problem"] == found.msg


def test_all_broken_pairs_are_named(tmp_path: Path) -> None:
    own, shop = tls.pair(tmp_path, "own.test"), tls.pair(tmp_path, "a.test")
    with tls.serving(own, {"a.test": shop}) as address:
        os.unlink(own[1])
        renewed(shop, "a.test", end=-60)
        found = run(entry(address, own), entry(address, shop, "a.test"), entry(address, shop, "a.test"))
    assert found.failed
    assert found.msg.count(str(tmp_path)) == 2
    assert f"{own[1]}: cannot be read" in found.msg and f"{shop[0]}: expired" in found.msg


def test_an_expired_one_that_is_served_already_is_a_warning(tmp_path: Path) -> None:
    own = tls.pair(tmp_path, "own.test", end=-60)
    with tls.serving(own) as address:
        found = run(entry(address, own))
        assert (found.failed, states(found)) == (False, ["current"])
        assert [warning.partition(" at ")[0] for warning in found.warnings] == [f"{own[0]}: expired"]
        # After a restart it would be worse.
        Path(own[1]).write_text(keys.private("ec", "b.test"), encoding="ascii")
        found = run(entry(address, own))
        assert found.failed and "key of another certificate" in found.msg


def test_a_router_without_a_handshake_is_an_error(tmp_path: Path) -> None:
    own = tls.pair(tmp_path, "own.test")
    address = free_address()
    with tls.serving(own) as fine:
        found = run(entry(fine, own), entry(address, own, router="off"), entry(address, own, "own.test", router="off"))
    assert found.failed
    assert found.msg.startswith(f"certificates: off at {address} does not complete a TLS handshake (Connection refused); see")
    assert states(found) == ["current", "silent", "silent"]


def test_a_router_that_lets_one_name_wait_is_asked_for_no_other(tmp_path: Path) -> None:
    """Otherwise it would delay the run once for each of its names."""
    own = tls.pair(tmp_path, "own.test")
    others = {name: tls.pair(tmp_path, name) for name in ("a.test", "b.test", "c.test")}
    asked: list[str] = []
    over = threading.Event()

    def waits(dummy: object, name: str | None, dummy2: object) -> None:
        if name:
            asked.append(name)
            # Longer than one client waits, but shorter than two.
            over.wait(4.5)

    with tls.serving(own, sni_callback=waits) as address:
        found = run(entry(address, own), *(entry(address, files, name) for name, files in others.items()), timeout=3)
        over.set()
    assert found.failed and "does not complete a TLS handshake" in found.msg
    assert (states(found), asked) == (["current", "silent", "silent", "silent"], ["a.test"])


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"address": "443"}, {}, "certificates[0].address: '443' has no port from 1 to 65535; give"),
    ({}, {"timeout": 0}, "timeout: 0 is too small; give"),
    ({}, {"user": "nobody-here"}, "user"),
]


@pytest.mark.parametrize(("one", "more", "words"), REFUSED)
def test_what_cannot_be_used_is_refused(one: dict[str, Any], more: dict[str, Any], words: str, tmp_path: Path) -> None:
    found = run({**entry(free_address(), tls.pair(tmp_path, "a.test")), **one}, **more)
    assert (found.failed, found.data["argument"]) == (True, words.partition(":")[0])
    assert found.msg.startswith(words)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_files_are_read_as_the_user_of_the_routers() -> None:
    # Other users can't enter pytest's own folders.
    folder = Path("/tmp") / f"certificates-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        own = tls.pair(folder, "own.test")
        Path(own[1]).chmod(0o600)
        with tls.serving(own) as address:
            assert not run(entry(address, own)).failed
            found = run(entry(address, own), user="nobody")
            assert found.failed
            assert found.msg.startswith(f"{own[1]}: cannot be read (Permission denied); put it there, readable for")
            shutil.chown(own[1], "nobody")
            assert states(run(entry(address, own), user="nobody")) == ["current"]
    finally:
        shutil.rmtree(folder)
