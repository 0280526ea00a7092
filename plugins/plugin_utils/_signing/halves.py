# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds which signing keys subscriptions need, private or public. Pure, except for ``cryptography``.

All functions accept subscriptions, vassals with ``subscriptions``, or nested lists of either, as an
inventory produces them. Except for ``key_owners`` they only read ``subscriptions``, ``key`` and ``signing``, so the rest may be
undefined when this runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.default_signing import (
    flat,
    key_file,
    places,
    subscription_key,
)
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0, Release
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names, pem

from . import crypto


class Signer(NamedTuple):
    """A signed subscription: its path, its keys, the private key's file, and its vassal."""

    place: str
    keys: list[str]
    file: str
    vassal: Mapping[str, Any] = {}


def announced(vassals: Any, owned: bool = False) -> list[Any]:
    """The announcements of vassals alone, so that nothing else is resolved if reading a member resolves it.

    Args:
        owned: include their names and owners.
    """
    found: list[Any] = []
    for place, vassal in flat("vassals", vassals):
        entries = flat(place + ".subscriptions", vassal.get("subscriptions"))
        read = [{name: one[name] for name in ("key", "signing") if name in one} for dummy, one in entries]
        own = {name: vassal[name] for name in ("name", "owner") if name in vassal} if owned else {}
        found.append({**own, "subscriptions": read})
    return found


def key_owners(vassals: Any) -> dict[str, str]:
    """The single owner of the vassals that sign with each private key, by file name.

    Raises:
        ArgumentError: for a signed vassal without an owner, and for a key that vassals of two owners sign with.
    """
    owners: dict[str, str] = {}
    names: dict[str, Any] = {}
    for signer in _signers(vassals):
        owner, name = signer.vassal.get("owner"), signer.vassal.get("name")
        if owner is None or str(owner) in ("root", "0"):
            raise ArgumentError(
                signer.place.rpartition(".subscriptions")[0] + ".owner",
                f"is {'missing' if owner is None else 'root'}; a tyrant Emperor runs a vassal as its file's owner, so give "
                f"{name!r} a user of its own",
            )
        file = os.path.basename(signer.file)
        names.setdefault(file, name)
        if owners.setdefault(file, str(owner)) != str(owner):
            raise ArgumentError(
                signer.place + ".signing",
                f"{file} is the key of {names[file]!r}, which is {owners[file]}'s, and of {name!r}, which is {owner}'s, and "
                "only one of them could read it; give each a key of its own, or both vassals one owner",
            )
    return owners


def key_names(items: Any, directory: Any = None) -> list[str]:
    """The file names of the private keys that subscriptions sign with, each once, sorted.

    Args:
        directory: the folder that all of them must be in; None accepts any.

    Raises:
        ArgumentError: if one is elsewhere.
    """
    folder = None if directory is None else values.directory("directory", directory)
    names = set()
    for signer in _signers(items):
        if folder is not None and os.path.dirname(signer.file) != folder:
            raise ArgumentError(
                signer.place, f"{signer.file} is not in {folder}, where this host's private keys are; put it there"
            )
        names.add(os.path.basename(signer.file))
    return sorted(names)


class Needed(NamedTuple):
    """The keys that subscriptions are signed with.

    Attributes:
        files: by the name of each private key's file, a signer that uses it.
        signed: the file names of private keys, by the names of the files in which routers look for the public keys.
        owners: the subscription key of each of these.
    """

    files: dict[str, Signer]
    signed: dict[str, str]
    owners: dict[str, str]


def halves(items: Any, private_keys: Any, half: str, release: Release = V2_0) -> list[dict[str, str]]:
    """The keys that a host needs.

    Args:
        private_keys: the private keys in PEM, by file name or by subscription key.
        half: ``private`` for hosts that sign, ``public`` for routers.
        release: the release of the routers.

    Returns:
        arguments for the module ``uwsgi_signing_keys``, sorted by file.

    Raises:
        ArgumentError: for a missing key, two keys with the same file name, or a key with two private keys.
    """
    if not isinstance(half, str) or half not in pem.HALVES:
        raise ArgumentError("half", f"{values.shown(half)} is neither 'private' nor 'public'")
    if not isinstance(private_keys, Mapping):
        raise ArgumentError("private_keys", "must be a mapping of file names, or of subscription keys, to keys in PEM")
    needed = _needed(items, release)
    contents = _contents(needed, private_keys)
    if half == "private":
        return _private_halves(contents)
    return _public_halves(contents, needed.signed)


def of_routers(items: Any, public_halves: Mapping[str, str], release: Release = V2_0) -> list[dict[str, str]]:
    """The keys that routers need, if their public halves are known.

    Args:
        public_halves: in PEM, by the file names of the private keys.
        release: the release of the routers.

    Returns:
        as from ``halves``, which may raise the same.
    """
    needed = _needed(items, release)
    return [{"file": public, "content": public_halves[needed.signed[public]]} for public in sorted(needed.signed)]


def _needed(items: Any, release: Release) -> Needed:
    """The keys that subscriptions are signed with, after a check for conflicts."""
    needed = Needed({}, {}, {})
    for signer in _signers(items):
        name = os.path.basename(signer.file)
        file_names.file_name(signer.place + ".signing", name)
        other = needed.files.setdefault(name, signer)
        if other.file != signer.file:
            raise ArgumentError(
                signer.place + ".signing",
                f"{signer.file} and {other.file} of {other.place} have one name, and a host keeps its keys in one folder; "
                "rename one",
            )
        for key in signer.keys:
            _take(needed, signer, name, key, release)
    return needed


def _take(needed: Needed, signer: Signer, name: str, key: str, release: Release) -> None:
    """Record that a subscription key is signed with the private key in a file."""
    public = key_file(signer.place + ".key", key, release)
    owner = needed.owners.setdefault(public, key)
    if file_names.owner(owner, release) != file_names.owner(key, release):
        raise ArgumentError(
            signer.place + ".key",
            f"{key!r} and {owner!r} fall on one file name, {public}, so one could announce the other; rename one",
        )
    other = needed.signed.setdefault(public, name)
    if other != name:
        raise ArgumentError(
            signer.place + ".signing",
            f"{key!r} is signed with {name} here and with {other} elsewhere, and a router checks it with one key; sign it with "
            "the same everywhere",
        )


def _contents(needed: Needed, private_keys: Mapping[str, Any]) -> dict[str, str]:
    """The private keys by file name; a file for several subscriptions may be given by any of their keys."""
    known: dict[str, list[str]] = {}
    for public, name in needed.signed.items():
        known.setdefault(name, []).append(needed.owners[public])
    return {name: _private_key(private_keys, needed.files[name], keys) for name, keys in known.items()}


def _private_halves(contents: dict[str, str]) -> list[dict[str, str]]:
    for name, content in contents.items():
        pem.inspect(f"private_keys[{name!r}]", content, "private")
    return [{"file": name, "content": contents[name]} for name in sorted(contents)]


def _public_halves(contents: dict[str, str], signed: dict[str, str]) -> list[dict[str, str]]:
    found = {name: crypto.public_half(f"private_keys[{name!r}]", content) for name, content in contents.items()}
    return [{"file": public, "content": found[signed[public]]} for public in sorted(signed)]


def _private_key(private_keys: Mapping[str, Any], signer: Signer, keys: list[str]) -> str:
    """The private key for a signer's file, given by file name or by a key that it signs for."""
    name = os.path.basename(signer.file)
    for one in [name] + keys + [file_names.key_file(key) for key in keys]:
        if one in private_keys:
            return key_text(f"private_keys[{one!r}]", private_keys[one])
    raise ArgumentError(
        signer.place + ".signing",
        f"private_keys has neither {name!r} nor a key for {', '.join(map(repr, keys))}; add it, or leave the subscription "
        "unsigned",
    )


def key_text(path: str, value: Any) -> str:
    """A key's text; decrypts it if ansible-vault provides an object that decrypts on reading."""
    if value is None or isinstance(value, (bool, int, float, bytes, list, tuple, Mapping)):
        raise ArgumentError(path, "is not text; give the key in PEM")
    return str(value)


def _signers(items: Any) -> Iterator[Signer]:
    """The signed subscriptions among ``items``."""
    for place, entry, vassal in _subscriptions(items):
        signing = values.signing(place + ".signing", entry["signing"]) if entry.get("signing") is not None else None
        if signing:
            keys = [subscription_key(path, key) for path, key in places(place + ".key", entry.get("key"))]
            if not keys:
                raise ArgumentError(place + ".key", "is missing; a signature belongs to a key")
            yield Signer(place, keys, signing.file, vassal)


def _subscriptions(items: Any) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    for place, item in flat("subscriptions", items):
        if "subscriptions" in item:
            for inner, entry in flat(place.replace("subscriptions", "vassals") + ".subscriptions", item["subscriptions"]):
                yield inner, entry, item
        else:
            yield place, item, {}
