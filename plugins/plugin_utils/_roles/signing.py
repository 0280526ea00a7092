# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a host, from the controller's store: the private halves that it signs with, the public ones of its routers."""

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
    """The keys of a host's vassals. Where one is missing it's made, in check mode in memory only.

    Args:
        loader: Ansible's ``DataLoader``.

    Raises:
        ArgumentError: for a vassal that can't be signed for, or a file that's no key.
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
    """Those of all that the vassals of a fleet sign with. Of a key that is being rotated it is its successor's.

    Where the store has them already, no private key is decrypted.

    Args:
        announcing: what they announce, as ``signed`` gives it.
        loader: Ansible's ``DataLoader``.

    Raises:
        ArgumentError: for a vassal that can't be signed for, or a file that's no key.
    """
    store = Store(given.signing_keys_dir, loader, given.signing_key_type)
    return of_routers(announcing, store.public_halves(key_names(announcing), _missing(check_mode)), _routers(given))


def make_successors(given: Emperor, names: Sequence[str], loader: Any, check_mode: bool) -> list[str]:
    """Make the keys that are to succeed others. Those that a run before made stay.

    Returns:
        the names of those that were made now.
    """
    store = Store(given.signing_keys_dir, loader, given.signing_key_type)
    return store.make_successors(names, _missing(check_mode))


def promote_successors(given: Emperor, loader: Any, check_mode: bool) -> list[str]:
    """Let the keys that succeed others be the keys.

    Returns:
        the names of those that were not yet.
    """
    return Store(given.signing_keys_dir, loader).promote(check_mode) if given.signing else []


def _missing(check_mode: bool) -> str:
    return IMAGINE if check_mode else CREATE


def names(given: Emperor, vassals: Sequence[Any]) -> list[str]:
    """The files of the keys that vassals sign with."""
    return key_names(signed(given, vassals))


def signed(given: Emperor, vassals: Sequence[Any]) -> list[Any]:
    """What vassals announce, with how each is signed."""
    found = announced(vassals, owned=True)
    if not given.signing:
        return found
    folder = emperor.paths(given).private_keys
    return list(signed_vassals(found, folder, given.signing_digest, release=_routers(given)))


def _routers(given: Emperor) -> Release:
    """The release of the routers, which look for keys by names of their own."""
    return parse_release("emperor_router_version", given.router_version)


def _owned(found: list[dict[str, str]], owners: dict[str, str]) -> list[dict[str, Any]]:
    return [{**one, "owner": owners[one["file"]]} if owners else dict(one) for one in found]
