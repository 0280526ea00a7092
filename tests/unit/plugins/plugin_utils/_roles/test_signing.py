# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a host from the controller's store: current keys, successors, their owners, and their public halves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import signing
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.desired import Keys
from support import keys, records

VASSALS: list[dict[str, Any]] = [
    {"name": "shop", "owner": "alice", "subscriptions": [{"server": "10.0.0.2:2626", "key": "shop"}]},
    {"name": "blog", "owner": "bob", "subscriptions": [{"server": "10.0.0.2:2626", "key": "blog"}]},
]
LOADER = DataLoader()


def store(tmp_path: Path, *successors: str) -> Any:
    """A host whose keys are in a store with the shop's keys and some successors."""
    (tmp_path / "next").mkdir()
    (tmp_path / "shop.pem").write_text(keys.private("ec", "shop"), encoding="ascii")
    for name in successors:
        (tmp_path / "next" / f"{name}.pem").write_text(keys.private("ec", "next " + name), encoding="ascii")
    return records.EMPEROR._replace(vassals=VASSALS, signing_keys_dir=str(tmp_path))


def test_nothing_is_looked_for_where_nothing_is_signed(tmp_path: Path) -> None:
    given = records.EMPEROR._replace(vassals=VASSALS, signing=False, signing_keys_dir=str(tmp_path / "none"))
    assert signing.keys(given, LOADER, check_mode=False) == Keys([], [], [])


def test_a_missing_key_is_made_and_in_check_mode_kept_in_memory(tmp_path: Path) -> None:
    given = store(tmp_path)
    found = signing.keys(given, LOADER, check_mode=True)
    assert [one["file"] for one in found.current] == ["blog.pem", "shop.pem"]
    assert not (tmp_path / "blog.pem").exists()
    made = signing.keys(given, LOADER, check_mode=False)
    assert (tmp_path / "blog.pem").read_text(encoding="ascii").strip() == made.current[0]["content"].strip()
    assert all("owner" not in one for one in made.current)


def test_what_succeeds_is_beside_what_is_current(tmp_path: Path) -> None:
    given = store(tmp_path, "shop", "elsewhere")
    found = signing.keys(given, LOADER, check_mode=True)
    assert [one["file"] for one in found.successors] == ["shop.pem"]
    assert found.succeeding == ["shop.pem"]
    both, one_alone = (signing.signed(given, vassals) for vassals in ([VASSALS], VASSALS[:1]))
    halves = {one["file"]: one["content"] for one in signing.public_halves(given, both, LOADER, check_mode=True)}
    assert len(halves) == 2 and all("PUBLIC KEY" in one for one in halves.values())
    before = {one["file"]: one["content"] for one in signing.public_halves(given, one_alone, LOADER, check_mode=True)}
    assert before.items() <= halves.items()


def test_with_a_tyrant_each_key_has_an_owner(tmp_path: Path) -> None:
    given = store(tmp_path, "shop")._replace(tyrant=True)
    found = signing.keys(given, LOADER, check_mode=True)
    assert [(one["file"], one["owner"]) for one in [*found.current, *found.successors]] == [
        ("blog.pem", "bob"), ("shop.pem", "alice"), ("shop.pem", "alice"),
    ]  # fmt: skip
    both = [VASSALS[0], {**VASSALS[0], "name": "other", "owner": "bob"}]
    with pytest.raises(ArgumentError):
        signing.keys(given._replace(vassals=both), LOADER, check_mode=True)


def test_keys_are_succeeded_and_promoted_by_their_names(tmp_path: Path) -> None:
    given = store(tmp_path)
    for check_mode in (True, False):
        assert signing.make_successors(given, ["shop.pem"], LOADER, check_mode) == ["shop.pem"]
    assert signing.make_successors(given, ["shop.pem"], LOADER, check_mode=False) == []
    new = (tmp_path / "next" / "shop.pem").read_text(encoding="ascii")
    for check_mode in (True, False):
        assert (tmp_path / "shop.pem").read_text(encoding="ascii") == keys.private("ec", "shop")
        assert signing.promote_successors(given, LOADER, check_mode) == ["shop.pem"]
    assert (tmp_path / "shop.pem").read_text(encoding="ascii") == new
    assert signing.promote_successors(given, LOADER, check_mode=False) == []
    assert signing.promote_successors(given._replace(signing=False, signing_keys_dir="/dev/null"), LOADER, check_mode=False) == []


def test_names_are_those_of_files(tmp_path: Path) -> None:
    assert signing.names(store(tmp_path), [VASSALS, {"subscriptions": [{"key": "more"}]}]) == ["blog.pem", "more.pem", "shop.pem"]


ROUTERS: list[tuple[str, list[str]]] = [("2.0", ["shop_blog.pem", "shop_cart.pem"]), ("2.1", ["shop.pem"])]


@pytest.mark.parametrize(("release", "files"), ROUTERS)
def test_keys_of_mountpoints_are_named_for_the_routers(tmp_path: Path, release: str, files: list[str]) -> None:
    entries = [{"server": "10.0.0.2:2626", "key": key} for key in ("shop/blog", "shop/cart")]
    given = store(tmp_path)._replace(vassals=[{"name": "shop", "subscriptions": entries}], router_version=release)
    assert [one["file"] for one in signing.keys(given, LOADER, check_mode=True).current] == files
    announcing = signing.signed(given, given.vassals)
    assert [one["file"] for one in signing.public_halves(given, announcing, LOADER, check_mode=True)] == files
