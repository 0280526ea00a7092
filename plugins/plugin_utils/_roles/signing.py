# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a host, from the controller's store: private keys for its vassals, public keys for its routers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.default_signing import signed_vassals
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import Release, parse_release

from .._signing.halves import announced, halves, key_names, key_owners, of_routers
from .._signing.store import CREATE, IMAGINE, Store
from . import emperor
from .desired import Keys
from .variables import Emperor


def keys(given: Emperor, loader: Any, check_mode: bool) -> Keys:
    """The keys of a host's vassals. Missing ones are created, in check mode only in memory.

    Args:
        loader: Ansible's ``DataLoader``.

    Raises:
        ArgumentError: for a vassal that can't be signed, or an invalid key file.
    """
    if not given.signing:
        return Keys([], [], [])
    folder = emperor.paths(given).private_keys
    store = Store(given.signing_keys_dir, loader, given.signing_key_type)
    announcing = signed(given, given.vassals)
    names = key_names(announcing, folder)
    successors = store.successors(names)
    owners = key_owners(announcing) if given.tyrant else {}
    current = halves(announcing, store.keys(names, _missing(check_mode)), "private", _routers(given))
    later = [{"file": name, "content": successors[name]} for name in names if name in successors]
    return Keys(_owned(current, owners), _owned(later, owners), list(successors))


def public_halves(given: Emperor, announcing: Sequence[Any], loader: Any, check_mode: bool) -> list[dict[str, str]]:
    """The public keys for all vassals of a fleet. During a rotation, the successor's.

    If the store has them, no private key is decrypted.

    Args:
        announcing: the announcements, as returned by ``signed``.
        loader: Ansible's ``DataLoader``.

    Raises:
        ArgumentError: for a vassal that can't be signed, or an invalid key file.
    """
    store = Store(given.signing_keys_dir, loader, given.signing_key_type)
    return of_routers(announcing, store.public_halves(key_names(announcing), _missing(check_mode)), _routers(given))


def make_successors(given: Emperor, names: Sequence[str], loader: Any, check_mode: bool) -> list[str]:
    """Create the successors of keys. Those from an earlier run are kept.

    Returns:
        the names of those that were created now.
    """
    store = Store(given.signing_keys_dir, loader, given.signing_key_type)
    return store.make_successors(names, _missing(check_mode))


def promote_successors(given: Emperor, loader: Any, check_mode: bool) -> list[str]:
    """Replace keys by their successors.

    Returns:
        the names of those that were not replaced yet.
    """
    return Store(given.signing_keys_dir, loader).promote(check_mode) if given.signing else []


def _missing(check_mode: bool) -> str:
    return IMAGINE if check_mode else CREATE


def names(given: Emperor, vassals: Sequence[Any]) -> list[str]:
    """The file names of the keys that vassals sign with."""
    return key_names(signed(given, vassals))


def signed(given: Emperor, vassals: Sequence[Any]) -> list[Any]:
    """The announcements of vassals, with the signing of each."""
    found = announced(vassals, owned=True)
    if not given.signing:
        return found
    folder = emperor.paths(given).private_keys
    return list(signed_vassals(found, folder, given.signing_digest, release=_routers(given)))


def _routers(given: Emperor) -> Release:
    """The release of the routers, which determines the file names in which they look for keys."""
    return parse_release("emperor_router_version", given.router_version)


def _owned(found: list[dict[str, str]], owners: dict[str, str]) -> list[dict[str, Any]]:
    return [{**one, "owner": owners[one["file"]]} if owners else dict(one) for one in found]
