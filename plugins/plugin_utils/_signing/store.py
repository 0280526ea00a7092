# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's folder of private keys."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ansible.parsing.vault import is_encrypted
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.default_signing import NEXT
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names, pem

from . import crypto


class Store:
    """One folder.

    Args:
        loader: Ansible's ``DataLoader``, which knows the vault's secrets.
        kind: the type of the keys that are made, as for ``crypto.generate``; ``size`` alike.
    """

    def __init__(self, directory: str, loader: Any, kind: str = "ec", size: int = crypto.RSA_SIZE) -> None:
        self._directory = os.path.abspath(os.path.expanduser(directory))
        self._loader = loader
        self._kind = kind
        self._size = size

    def successors(self) -> dict[str, str]:
        """The keys in the folder ``next`` that differ from those of the same name here, by name: a rotation is under way.

        Raises:
            ArgumentError: for a file that's no key or can't be read.
        """
        folder = os.path.join(self._directory, NEXT)
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(file_names.SUFFIX))
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise ArgumentError("directory", f"{folder} can't be read: {exc.strerror}") from exc
        successors = Store(folder, self._loader)
        found = successors.keys(names, "refuse")
        return {name: key for name, key in found.items() if not self._is(name, key)}

    def _is(self, name: str, key: str) -> bool:
        path = os.path.join(self._directory, name)
        content = self._read(path)
        return content is not None and pem.inspect(path, content) == pem.inspect(path, key)

    def keys(self, names: Iterable[Any], missing: str = "create") -> dict[str, str]:
        """Several, by name, each as ``key`` gives it."""
        return {name: self.key(name, missing) for name in names}

    def key(self, name: Any, missing: str = "create") -> str:
        """One private key in PEM.

        Args:
            name: its file's name.
            missing: what to do where there's none: ``create`` makes it, ``imagine`` makes it in memory only, ``refuse`` raises.

        Raises:
            ArgumentError: for a name that's no file's, a file that's no key, or one that can't be read or made.
        """
        path = os.path.join(self._directory, file_names.file_name("name", name))
        content = self._read(path)
        if content is None and missing == "refuse":
            raise ArgumentError("directory", f"{path} is not there; make it, or let create be true")
        if content is None:
            content = crypto.generate(self._kind, self._size)
            if missing == "create":
                content = self._write(path, content)
        pem.inspect(path, content, "private")
        return content

    def _read(self, path: str) -> str | None:
        try:
            with open(path, "rb") as stream:
                content = stream.read()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise ArgumentError("directory", f"{path} can't be read: {exc.strerror}") from exc
        try:
            if is_encrypted(content):
                content = self._loader._get_file_contents(path)[0]
            return content.decode("utf-8")
        except UnicodeDecodeError:
            raise ArgumentError(path, "is not PEM; give an RSA or an EC key in PEM") from None

    def _write(self, path: str, content: str) -> str:
        """Keep a new key, unless another run was faster.

        Returns:
            the key that is there now.
        """
        temporary = os.path.join(self._directory, f".{os.urandom(8).hex()}.tmp")
        try:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            try:
                with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
                    stream.write(content)
                # Unlike a rename, a link never replaces the key of a run that was faster.
                os.link(temporary, path)
            finally:
                if os.path.lexists(temporary):
                    os.unlink(temporary)
        except FileExistsError as exc:
            found = self._read(path)
            if found is None:
                raise ArgumentError("directory", f"{path} is a link to nothing; remove it") from exc
            return found
        except OSError as exc:
            raise ArgumentError("directory", f"{path} can't be made: {exc.strerror}") from exc
        return content
