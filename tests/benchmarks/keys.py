# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing keys: making, splitting and installing them, compared with a loop over ``community.crypto``; and large inventories."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import signing
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing import crypto, halves
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.store import Store
from benchmarks.measure import Line, Task, exponent, median, scratch, tasks, variables
from support import records
from support.modules import COLLECTIONS, ROOT
from support.vaults import encrypted, loader

# "make bench" installs community.crypto here.
PEERS = ROOT / ".venv" / "bench"
_LOOKUP = "lookup('emperor.uwsgi.signing_keys', *(subscriptions | emperor.uwsgi.signing_key_names), directory=store)"


def subscriptions(count: int, folder: str = "/etc/uwsgi/keys/private") -> list[dict[str, Any]]:
    """Signed subscriptions, each with its own key."""
    return [
        {"server": "10.0.0.2:2626", "key": f"k{at}.test", "signing": ["SHA256", f"{folder}/k{at}.test.pem"]}
        for at in range(count)
    ]


def _installed(half: str, path: Path) -> dict[str, Any]:
    return {
        "name": half,
        "emperor.uwsgi.uwsgi_signing_keys": {
            "path": str(path),
            "directory_mode": "0755",
            "purge": True,
            "signing_keys": "{{ subscriptions | emperor.uwsgi.signing_keys(" + _LOOKUP + ", half='" + half + "') }}",
        },
    }


def deployed(folder: Path, count: int) -> float:
    """Seconds of a play that makes keys, and installs the private halves on a node and the public ones on a router."""
    folder.mkdir()
    given = [_installed("private", folder / "private"), _installed("public", folder / "public")]
    found = tasks(folder, given, variables(folder, subscriptions=subscriptions(count), store=str(folder / "store")))
    assert len(list((folder / "public").glob("*.pem"))) == count
    return sum(task.seconds for task in found)


def looped(folder: Path, count: int) -> float:
    """Seconds per key of two loops: one makes the keys, the other copies them."""
    folder.mkdir()
    loop = {"loop": list(range(count))}
    made = {
        "name": "make",
        "community.crypto.openssl_privatekey": {"path": str(folder) + "/{{ item }}.pem", "type": "ECC", "curve": "secp256r1"},
    }
    copied = {
        "name": "copy",
        "ansible.builtin.copy": {"src": str(folder) + "/{{ item }}.pem", "dest": str(folder) + "/{{ item }}.key", "mode": "0400"},
    }
    both = f"{COLLECTIONS}:{PEERS}"
    found: list[Task] = tasks(folder, [{**made, **loop}, {**copied, **loop}], ANSIBLE_COLLECTIONS_PATH=both)
    return (median(found, "make") + median(found, "copy")) / count


def distributed(nodes: int, keys: int) -> dict[str, float]:
    """Seconds to find a router's public halves for nodes that share the keys evenly, and of the cryptography alone."""
    private = {f"k{at}.test.pem": crypto.generate() for at in range(keys)}
    given = subscriptions(keys)
    inventory = [[{"name": "v", "subscriptions": given[at::nodes]}] for at in range(nodes)]
    begin = time.monotonic()
    assert len(halves.halves(inventory, private, "public")) == keys
    whole = time.monotonic() - begin
    begin = time.monotonic()
    for name, content in private.items():
        crypto.public_half(name, content)
    return {"whole": whole, "cryptography": time.monotonic() - begin}


def vaulted_store(folder: Path, keys: int) -> Any:
    """Make a store of encrypted keys with successors; returns Ansible's loader, which decrypts each file that it reads."""
    secret = ("bench", b"a password")
    text = encrypted(crypto.generate(), secret), encrypted(crypto.generate(), secret)
    for place, content in zip((folder, folder / "next"), text):
        place.mkdir(parents=True)
        for at in range(keys):
            (place / f"k{at}.test.pem").write_bytes(content)
    return loader(secret)


def rotated(folder: Path, own: int, keys: int) -> float:
    """CPU seconds of the controller for a host's private halves, while a store of encrypted keys is rotated."""
    known = vaulted_store(folder, keys)
    vassals = [{"name": f"v{at}", "subscriptions": [{"server": "10.0.0.2:2626", "key": f"k{at}.test"}]} for at in range(own)]
    given = records.EMPEROR._replace(vassals=vassals, signing_keys_dir=str(folder))
    begin = time.process_time()
    found = signing.keys(given, known, check_mode=False)
    took = time.process_time() - begin
    assert (len(found.current), len(found.successors)) == (own, own)
    return took


def published(folder: Path, keys: int) -> dict[str, float]:
    """CPU seconds of the controller for all public halves of a store of encrypted keys: the first and the second time."""
    known = vaulted_store(folder, keys)
    names = [f"k{at}.test.pem" for at in range(keys)]
    found = {}
    for run in ("first", "known"):
        begin = time.process_time()
        assert len(Store(str(folder), known).public_halves(names)) == keys
        found[run] = time.process_time() - begin
    return found


def vaulted() -> list[Line]:
    """The lines about stores that are encrypted with ansible-vault."""
    with scratch() as folder:
        own = {size: rotated(folder / f"own-{size}", size, 270) for size in (30, 90, 270)}
        stores = {size: rotated(folder / f"store-{size}", 30, size) for size in (100, 1000, 10000)}
        public = published(folder / "public", 1000)
    return [
        Line(6, "a rotation of encrypted keys, CPU for a host: exponent in its own keys, 30 to 270 of 270", 1.1, "less", "",
             exponent(own), {f"{size} keys": seconds for size, seconds in own.items()}),
        Line(6, "the same: exponent in the keys of the store, 100 to 10,000, of which the host has 30", 0.1, "less", "",
             exponent(stores), {f"{size} keys": seconds for size, seconds in stores.items()}),
        Line(6, "the public halves of 1,000 encrypted keys for a router, of which none is decrypted, CPU", 1, "less", "s",
             public["known"], public),
    ]  # fmt: skip


def lines() -> list[Line]:
    """The lines of the table about keys."""
    with scratch() as folder:
        one = statistics.median(deployed(folder / f"one-{run}", 1) for run in range(3))
        many = statistics.median(deployed(folder / f"many-{run}", 1000) for run in range(3))
        each = looped(folder / "looped", 50)
    spread = [distributed(200, 5000) for dummy in range(3)]
    whole = statistics.median(times["whole"] for times in spread)
    times = {"1 key": one, "1,000 keys": many, "loop of 50, a key": each}
    alone = {"cryptography alone": statistics.median(times["cryptography"] for times in spread), "the filter": whole}
    against = "1,000 keys against loops of openssl_privatekey and copy (their time extrapolated from 50 keys)"
    return [
        Line(4, "1,000 keys made, split and installed, beyond the same with one key", 5, "less", "s", many - one, times),
        Line(4, against, 100, "more", "times faster", 1000 * each / many, times),
        Line(6, "the public halves of 5,000 keys of 200 nodes", 1, "less", "s", whole, alone),
        *vaulted(),
    ]
