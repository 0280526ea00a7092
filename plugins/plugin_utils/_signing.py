# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signs with what: subscriptions to the halves of signing keys. Pure but for C(cryptography).

Everything here takes subscriptions, vassals with C(subscriptions), or lists of either, nested as they come out of an
inventory, and reads no other member than C(subscriptions), C(key) and C(signing): the rest may be undefined where it's asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils import _keys, _values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _crypto

# Where successors are while keys are rotated, below the folder of the keys: on the controller as on the nodes.
NEXT = "next"


class Signer(NamedTuple):
    """A signed subscription: where it stands, its keys, and the private key's file."""

    place: str
    keys: list[str]
    file: str


def signed_vassals(vassals: Any, directory: Any, digest: str = "SHA256", succeeding: Any = ()) -> list[Any]:
    """Sign every subscription that doesn't say otherwise.

    Each key gets a private key of its own, so a subscription to several keys becomes one for each.

    :param directory: the folder on the node where its private keys are.
    :param succeeding: the names of files in it that have successors in its folder C(NEXT). What they sign is announced a second
        time, signed with the successor, so a router may know either.
    :returns: the vassals, with C(signing) in each subscription that is signed and none in the others.
    :raises ArgumentError: when something isn't a vassal, or a directory or digest can't be used.
    """
    folder = _values.directory("directory", directory)
    _values.digest("digest", digest)
    files = {os.path.join(folder, name): os.path.join(folder, NEXT, name) for name in _values.sequence("succeeding", succeeding)}
    found: list[Any] = []
    for place, vassal in _flat("vassals", vassals):
        subscriptions = vassal.get("subscriptions")
        if subscriptions:
            entries = []
            for entry_place, entry in _flat(place + ".subscriptions", subscriptions):
                for one in _signed(entry_place, entry, folder, digest):
                    entries += _doubled(entry_place, one, files)
            found.append({**vassal, "subscriptions": entries})
        else:
            found.append(vassal)
    return found


def _signed(place: str, entry: Mapping[str, Any], folder: str, digest: str) -> list[Mapping[str, Any]]:
    signing = entry.get("signing")
    if signing is False:
        return [{name: value for name, value in entry.items() if name != "signing"}]
    # One without a key is for the module to refuse, which says more.
    keys = [_key(path, key) for path, key in _places(place + ".key", entry.get("key"))]
    if signing is not None or not keys:
        return [entry]
    # dict.fromkeys: one announcement a key is enough.
    return [
        {**entry, "key": key, "signing": [digest, os.path.join(folder, _key_file(place + ".key", key))]}
        for key in dict.fromkeys(keys)
    ]


def _doubled(place: str, entry: Mapping[str, Any], files: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """A subscription, and the one that is signed with its key's successor."""
    signing = _values.signing(place + ".signing", entry["signing"]) if files and entry.get("signing") is not None else None
    if not signing or signing.file not in files:
        return [entry]
    return [entry, {**entry, "signing": [signing.digest, files[signing.file]]}]


def key_names(items: Any, directory: Any = None) -> list[str]:
    """The names of the files of the private keys that subscriptions sign with, each once, sorted.

    :param directory: the folder that all of them must be in; None takes any.
    :raises ArgumentError: when one is elsewhere.
    """
    folder = None if directory is None else _values.directory("directory", directory)
    names = set()
    for signer in _signers(items):
        if folder is not None and os.path.dirname(signer.file) != folder:
            raise ArgumentError(
                signer.place, "{0} is not in {1}, where this host's private keys are; put it there".format(signer.file, folder)
            )
        names.add(os.path.basename(signer.file))
    return sorted(names)


def halves(items: Any, private_keys: Any, half: str) -> list[dict[str, str]]:
    """The keys that a host needs.

    :param private_keys: the private keys in PEM, by the name of the file or by the subscription's key.
    :param half: C(private) for the hosts that sign, C(public) for routers.
    :returns: what the module C(uwsgi_signing_keys) takes, sorted by file.
    :raises ArgumentError: for a key that's missing, two that fall on one file name, or one that has two private keys.
    """
    if half not in _keys.HALVES:
        raise ArgumentError("half", "{0!r} is neither 'private' nor 'public'".format(half))
    if not isinstance(private_keys, Mapping):
        raise ArgumentError("private_keys", "must be a mapping of file names, or of subscription keys, to keys in PEM")
    owners: dict[str, str] = {}
    files: dict[str, Signer] = {}
    signed: dict[str, str] = {}
    for signer in _signers(items):
        name = os.path.basename(signer.file)
        _keys.file_name(signer.place + ".signing", name)
        other = files.setdefault(name, signer)
        if other.file != signer.file:
            raise ArgumentError(
                signer.place + ".signing",
                "{0} and {1} of {2} have one name, and a host keeps its keys in one folder; rename one".format(
                    signer.file, other.file, other.place
                ),
            )
        for key in signer.keys:
            public = _key_file(signer.place + ".key", key)
            if owners.setdefault(public, key) != key:
                raise ArgumentError(
                    signer.place + ".key",
                    "{0!r} and {1!r} fall on one file name, {2}, so one could announce the other; rename one".format(
                        key, owners[public], public
                    ),
                )
            if signed.setdefault(public, name) != name:
                raise ArgumentError(
                    signer.place + ".signing",
                    "{0!r} is signed with {1} here and with {2} elsewhere, and a router checks it with one key; sign it with the "
                    "same everywhere".format(key, name, signed[public]),
                )
    # A file of several subscriptions may be known by the key of any of them.
    known: dict[str, list[str]] = {}
    for public, name in signed.items():
        known.setdefault(name, []).append(owners[public])
    contents = {name: _private_key(private_keys, files[name], keys) for name, keys in known.items()}
    if half == "private":
        for name, content in contents.items():
            _keys.inspect("private_keys[{0!r}]".format(name), content, "private")
        return [{"file": name, "content": contents[name]} for name in sorted(contents)]
    public_halves = {name: _crypto.public_half("private_keys[{0!r}]".format(name), text) for name, text in contents.items()}
    return [{"file": public, "content": public_halves[signed[public]]} for public in sorted(signed)]


def _private_key(private_keys: Mapping[str, Any], signer: Signer, keys: list[str]) -> str:
    """The private key that a signer's file holds, known by that file's name or by one of the keys that it signs for."""
    name = os.path.basename(signer.file)
    for one in [name] + keys + [_keys.key_file(key) for key in keys]:
        if one in private_keys:
            return pem("private_keys[{0!r}]".format(one), private_keys[one])
    raise ArgumentError(
        signer.place + ".signing",
        "private_keys has neither {0!r} nor a key for {1}; add it, or leave the subscription unsigned".format(
            name, ", ".join(repr(key) for key in keys)
        ),
    )


def pem(path: str, value: Any) -> str:
    """A key's text, out of ansible-vault where that hands over an object that decrypts when it's read."""
    if value is None or isinstance(value, (bool, int, float, bytes, list, tuple, Mapping)):
        raise ArgumentError(path, "is no text; give the key in PEM")
    return str(value)


def _signers(items: Any) -> Iterator[Signer]:
    """The subscriptions among C(items) that are signed."""
    for place, entry in _subscriptions(items):
        signing = _values.signing(place + ".signing", entry["signing"]) if entry.get("signing") is not None else None
        if signing:
            keys = [_key(path, key) for path, key in _places(place + ".key", entry.get("key"))]
            if not keys:
                raise ArgumentError(place + ".key", "is missing; a signature belongs to a key")
            yield Signer(place, keys, signing.file)


def _subscriptions(items: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, item in _flat("subscriptions", items):
        if "subscriptions" in item:
            yield from _flat(place.replace("subscriptions", "vassals", 1) + ".subscriptions", item["subscriptions"])
        elif "key" in item or "server" in item or "signing" in item:
            yield place, item


def _flat(path: str, items: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The mappings in nested lists, each with its place."""
    if items is None:
        return
    if isinstance(items, Mapping):
        yield path, items
    elif isinstance(items, (list, tuple)):
        for at, item in enumerate(items):
            yield from _flat("{0}[{1}]".format(path, at), item)
    else:
        raise ArgumentError(path, "must be a mapping of arguments or a list of them")


def _places(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values of an argument that takes one or a list, each with its place."""
    for at, item in enumerate(_values.sequence(path, value)):
        yield "{0}[{1}]".format(path, at) if isinstance(value, (list, tuple)) else path, item


def _key(path: str, value: Any) -> str:
    return str(_values.key(path, value))


def _key_file(path: str, key: str) -> str:
    """The file's name of a key that is to be signed."""
    return _keys.file_name(path, _keys.key_file(key))
