# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's folder of private keys, with their public keys and, during a rotation, their successors.

A private key is only read and decrypted when requested by name. Public keys can be requested without that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from ansible.parsing.vault import is_encrypted
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.default_signing import NEXT
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names, pem

from . import crypto, public_file, temporary
from .vault import Vault

# What to do if a key is missing: create it, create it only in memory, or raise an error.
CREATE, IMAGINE, REFUSE = "create", "imagine", "refuse"


class Store:
    """One folder.

    Args:
        loader: Ansible's ``DataLoader``, which has the vault passwords.
        kind: the type of created keys, as for ``crypto.generate``; the same for ``size``.
    """

    def __init__(self, directory: str, loader: Any, kind: str = "ec", size: int = crypto.RSA_SIZE) -> None:
        self._directory = os.path.abspath(os.path.expanduser(directory))
        self._vault = Vault(loader)
        self._loader = loader
        self._kind = kind
        self._size = size

    @cached_property
    def _next(self) -> Store:
        """The folder of the successors."""
        found = Store(os.path.join(self._directory, NEXT), self._loader, self._kind, self._size)
        found._vault = self._vault
        return found

    def successors(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """The keys in the folder ``next`` that differ from those of the same name here. If any exist, a rotation is in progress.

        Args:
            names: the ones to look for, and no others are read; None for all.

        Raises:
            ArgumentError: for an invalid key file or one that can't be read.
        """
        there = [name for name in (self._next._names() if names is None else names) if self._next._raw(name) is not None]
        found = self._next.keys(there, REFUSE)
        return {name: key for name, key in found.items() if not self._is(name, key)}

    def make_successors(self, names: Iterable[Any], missing: str = CREATE) -> list[str]:
        """Create missing successors, each encrypted like the key that it replaces. Existing ones aren't read.

        Returns:
            the names of those that were created.

        Raises:
            ArgumentError: for one that can't be created.
        """
        made = []
        for name in names:
            if self._next._raw(name) is None:
                made.append(name)
                if missing == CREATE:
                    self._next._make(name, self._raw(name))
        return made

    def promote(self, pretend: bool = False) -> list[str]:
        """Replace the keys by their successors, encrypted as they are.

        Returns:
            the names of those that were not replaced yet.

        Raises:
            ArgumentError: for one that can't be written.
        """
        found = [(name, self._next._raw(name)) for name in self._next._names()]
        differing = [(name, raw) for name, raw in found if raw is not None and raw != self._raw(name)]
        for name, raw in [] if pretend else differing:
            self._promote(name, raw)
        return [name for name, dummy in differing]

    def _promote(self, name: str, raw: bytes) -> None:
        half, old = self._next._public_half(name, REFUSE), self._raw(name)
        # Public key first: if interrupted, the rotation is still in progress, and routers use the successor's public key.
        whole = self._encrypted_as(name, raw, old)
        self._write_public(name, whole, half)
        self._write(name, whole, os.replace)

    def keys(self, names: Iterable[Any], missing: str = CREATE) -> dict[str, str]:
        """Several keys by name, each as from ``key``."""
        return {name: self.key(name, missing) for name in names}

    def key(self, name: Any, missing: str = CREATE) -> str:
        """One private key in PEM.

        Args:
            name: its file name.
            missing: what to do if it is missing: ``create`` creates it, ``imagine`` creates it in memory only, ``refuse`` raises.

        Raises:
            ArgumentError: for an invalid name, an invalid key file, or a key that can't be read or created.
        """
        raw = self._raw(name)
        if raw is not None:
            return self._content(name, raw)
        if missing == REFUSE:
            raise ArgumentError("directory", f"{self._path(name)} is not there; create it, or set create to true")
        return self._make(name, self._one_encrypted) if missing == CREATE else crypto.generate(self._kind, self._size)

    def public_halves(self, names: Iterable[Any], missing: str = CREATE) -> dict[str, str]:
        """The public keys of several keys in PEM, by name. During a rotation, the successor's.

        Args:
            missing: as for ``key``. Files of public keys are only created with ``create``.

        Raises:
            ArgumentError: as for ``key``, and for a file that has another key's public half.
        """
        return {name: self._newest(name)._public_half(name, missing) for name in names}

    def _newest(self, name: Any) -> Store:
        """The folder with the key that routers must know."""
        return self if self._next._raw(name) is None else self._next

    def _public_half(self, name: str, missing: str) -> str:
        raw = self._raw(name)
        if raw is None:
            return crypto.public_half(self._path(name), self.key(name, missing))
        half = self._public(name)
        if half and is_encrypted(raw) and self._is_sealed(name, raw, half):
            return half.content
        derived = crypto.public_half(self._path(name), self._content(name, raw))
        if half:
            public_file.refuse_other(half, derived, self._public_path(name), self._path(name))
        if missing == CREATE and (not half or is_encrypted(raw)):
            self._write_public(name, raw, derived)
        return derived

    def _write_public(self, name: str, raw: bytes, public: str) -> None:
        """Write a public key that was checked.

        Args:
            raw: the content of the private key's file.
        """
        said = public_file.said(name, pem.inspect(name, public, "public").fingerprint)
        seals = self._vault.seals(raw, said) if is_encrypted(raw) else []
        public_file.write(self._public_path(name), name, public, "".join(seals[:1]))

    def _is_sealed(self, name: str, raw: bytes, half: public_file.PublicFile) -> bool:
        return bool(half.seal) and half.seal in self._vault.seals(raw, public_file.said(name, half.fingerprint))

    def _is(self, name: str, key: str) -> bool:
        path, raw = self._path(name), self._raw(name)
        return raw is not None and pem.inspect(path, self._content(name, raw)) == pem.inspect(path, key)

    def _names(self) -> list[str]:
        """The names of all keys, sorted."""
        try:
            return sorted(name for name in os.listdir(self._directory) if name.endswith(file_names.SUFFIX))
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise ArgumentError("directory", f"{self._directory} can't be read: {exc.strerror}") from exc

    def _path(self, name: Any) -> str:
        return os.path.join(self._directory, file_names.file_name("name", name))

    def _public_path(self, name: str) -> str:
        return public_file.path_of(self._directory, name)

    def _public(self, name: str) -> public_file.PublicFile | None:
        return public_file.read(self._public_path(name), self._path(name))

    def _raw(self, name: Any) -> bytes | None:
        """The content of a private key's file, or None."""
        path = self._path(name)
        try:
            with open(path, "rb") as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise ArgumentError("directory", f"{path} can't be read: {exc.strerror}") from exc

    def _content(self, name: str, raw: bytes) -> str:
        path = self._path(name)
        try:
            content = self._vault.decrypted(path, raw).decode("utf-8")
        except UnicodeDecodeError:
            raise ArgumentError(path, "is not PEM; give an RSA or an EC key in PEM") from None
        pem.inspect(path, content, "private")
        return content

    @cached_property
    def _one_encrypted(self) -> bytes | None:
        """The content of an encrypted key file; None if no key is encrypted."""
        for name in self._names():
            try:
                raw = self._raw(name)
            except ArgumentError:
                # Reported by whoever needs that key.
                continue
            if raw is not None and is_encrypted(raw):
                return raw
        return None

    def _encrypted_as(self, name: str, raw: bytes, other: bytes | None) -> bytes:
        """The content for a private key's file, encrypted if another one is."""
        if other is None or is_encrypted(raw) or not is_encrypted(other):
            return raw
        return self._vault.encrypted_like(self._path(name), other, raw)

    def _make(self, name: str, like: bytes | None) -> str:
        """Create a key, unless another run is faster.

        Args:
            like: the file of another key; if that is encrypted, this one is too.

        Returns:
            the key that then exists.
        """
        content = crypto.generate(self._kind, self._size)
        raw = self._encrypted_as(name, content.encode("ascii"), like)
        # An existing one belongs to a key that is gone.
        public_file.remove(self._public_path(name))
        if not self._write(name, raw, os.link):
            found = self._raw(name)
            if found is None:
                raise ArgumentError("directory", f"{self._path(name)} is a link to nothing; remove it")
            return self._content(name, found)
        self._write_public(name, raw, crypto.public_half(self._path(name), content))
        return content

    def _write(self, name: str, raw: bytes, put: Callable[[str, str], None]) -> bool:
        """Write a private key.

        Args:
            put: ``os.replace``, or ``os.link``, which never overwrites the key of a faster run.

        Returns:
            whether it was written.
        """
        path = self._path(name)
        try:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            with temporary.written(self._directory, raw, 0o600) as made:
                put(made, path)
        except FileExistsError:
            return False
        except OSError as exc:
            raise ArgumentError("directory", f"{path} can't be made: {exc.strerror}") from exc
        return True
