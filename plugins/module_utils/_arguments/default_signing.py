# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds ``signing`` to the subscriptions of vassals that don't set it. Pure.

Vassals may be in nested lists, as an inventory produces them. Only the members ``subscriptions``, ``key`` and
``signing`` are read, so others may be undefined when this runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Dict, Iterator, List, Tuple

from .._dialect import V2_0, Release
from .._errors import ArgumentError
from .._keys import file_names
from . import values

# Combined lists in an inventory are nested only a few levels deep.
_MOST_DEPTH = 32
# Folder of successor keys during a rotation, inside the folder of the keys, on the controller and on nodes.
NEXT = "next"


def signed_vassals(
    vassals: Any, directory: Any, digest: Any = "SHA256", succeeding: Any = (), path: str = "", release: Release = V2_0
) -> List[Any]:
    """Sign every subscription that doesn't set ``signing``.

    Each key has its own private key, so a subscription to several keys becomes one for each.

    Args:
        directory: the folder on the node where its private keys are.
        succeeding: the names of key files in it that have successors in its folder ``NEXT``. They are announced a second
            time, signed with the successor, so that routers may know either key.
        path: prefix of these two names and of ``digest`` in errors.
        release: of the uWSGI that checks the signatures. Since 2.1, all mountpoints of a domain have one key.

    Returns:
        the vassals, with ``signing`` in each subscription that is signed and without it in the others.

    Raises:
        ArgumentError: when something isn't a vassal, or a directory or digest can't be used.
    """
    folder = values.directory(values.child(path, "directory"), directory)
    values.digest(values.child(path, "digest"), digest)
    given = values.sequence(values.child(path, "succeeding"), succeeding)
    names = [values.text(f"{values.child(path, 'succeeding')}[{at}]", name) for at, name in enumerate(given)]
    files = {os.path.join(folder, name): os.path.join(folder, NEXT, name) for name in names}
    found: List[Any] = []
    for place, vassal in flat("vassals", vassals):
        subscriptions = vassal.get("subscriptions")
        if subscriptions:
            entries: List[Any] = []
            for entry_place, entry in flat(place + ".subscriptions", subscriptions):
                for one in _signed(entry_place, entry, folder, digest, release):
                    entries += _doubled(entry_place, one, files)
            found.append({**vassal, "subscriptions": entries})
        else:
            found.append(vassal)
    return found


def _signed(place: str, entry: Mapping[str, Any], folder: str, digest: str, release: Release) -> List[Mapping[str, Any]]:
    signing = entry.get("signing")
    if signing is False:
        return [{name: value for name, value in entry.items() if name != "signing"}]
    # The module rejects a subscription without a key, with a better error.
    keys = [subscription_key(path, key) for path, key in places(place + ".key", entry.get("key"))]
    if signing is not None or not keys:
        return [entry]
    # dict.fromkeys: one announcement per key is enough.
    return [
        {**entry, "key": key, "signing": [digest, os.path.join(folder, key_file(place + ".key", key, release))]}
        for key in dict.fromkeys(keys)
    ]


def _doubled(place: str, entry: Mapping[str, Any], files: Dict[str, str]) -> List[Mapping[str, Any]]:
    """A subscription, and a copy signed with the key's successor."""
    signing = values.signing(place + ".signing", entry["signing"]) if files and entry.get("signing") is not None else None
    if not signing or signing.file not in files:
        return [entry]
    return [entry, {**entry, "signing": [signing.digest, files[signing.file]]}]


def flat(path: str, items: Any, depth: int = 0) -> Iterator[Tuple[str, Mapping[str, Any]]]:
    """The mappings in nested lists, each with its path.

    Args:
        depth: how many lists they are already in.
    """
    if items is None:
        return
    if depth > _MOST_DEPTH:
        raise ArgumentError(path.partition("[")[0], f"has lists that are nested more than {_MOST_DEPTH} deep; flatten them")
    if isinstance(items, Mapping):
        yield path, items
    elif isinstance(items, (list, tuple)):
        for at, item in enumerate(items):
            yield from flat(f"{path}[{at}]", item, depth + 1)
    else:
        raise ArgumentError(path, "must be a mapping of arguments or a list of them")


def places(path: str, value: Any) -> Iterator[Tuple[str, Any]]:
    """The values of an argument that accepts one value or a list, each with its path."""
    for at, item in enumerate(values.sequence(path, value)):
        yield f"{path}[{at}]" if isinstance(value, (list, tuple)) else path, item


def subscription_key(path: str, value: Any) -> str:
    """A subscription's key, after a check."""
    return str(values.key(path, value))


def key_file(path: str, key: str, release: Release = V2_0) -> str:
    """The file name of a key that is to be signed."""
    return file_names.file_name(path, file_names.key_file(key, release))
