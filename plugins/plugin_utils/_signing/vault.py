# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that ansible-vault encrypted: reading them, creating similar ones, and seals that need the password."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from ansible.parsing.vault import VaultLib, is_encrypted
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

# Ten times ansible-vault's own number, so that guessing passwords is faster with the private keys than with the seals.
_ROUNDS = 100_000
_SALT = b"emperor.uwsgi: seal of a public half"


class Vault:
    """Uses the vault passwords of a run.

    Args:
        loader: Ansible's ``DataLoader``, which has them.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._known: dict[tuple[str, bytes], bytes] = {}
        self._sealing: dict[bytes, bytes] = {}
        self._chosen: dict[str, Any] = {}

    def decrypted(self, path: str, raw: bytes) -> bytes:
        """The content of a file, which is decrypted only once.

        Args:
            raw: the file as stored on disk.
        """
        if not is_encrypted(raw):
            return raw
        if (path, raw) not in self._known:
            self._known[path, raw] = self._loader._get_file_contents(path)[0]
        return self._known[path, raw]

    def encrypted_like(self, path: str, raw: bytes, content: bytes) -> bytes:
        """Encrypt with the password and label of another encrypted file.

        Raises:
            ArgumentError: if the password is unknown.
        """
        label = _label(raw)
        if label not in self._chosen:
            given = self._candidates(raw)
            if not given:
                raise ArgumentError(path, "is for a store that ansible-vault encrypted; give its password, so that it is too")
            # Only decryption tells which of several passwords it is.
            self._chosen[label] = given[0] if len(given) == 1 else self._loader._vault.decrypt_and_get_vault_id(raw)[2]
        return bytes(VaultLib().encrypt(content, secret=self._chosen[label], vault_id=label or None))

    def seals(self, raw: bytes, said: bytes) -> list[str]:
        """The seals of a statement about an encrypted file, one for each possible password of the file.

        Args:
            raw: the file. A different content, or the same encrypted again, has a different seal.
        """
        text = hashlib.sha256(raw).digest() + said
        return [hmac.new(self._seal_key(bytes(one.bytes)), text, "sha256").hexdigest() for one in self._candidates(raw)]

    def _candidates(self, raw: bytes) -> list[Any]:
        """The possible passwords of a file: those with its label, or otherwise all."""
        given = list(self._loader._vault.secrets or [])
        return [secret for name, secret in given if name == _label(raw)] or [secret for dummy, secret in given]

    def _seal_key(self, password: bytes) -> bytes:
        if password not in self._sealing:
            self._sealing[password] = hashlib.pbkdf2_hmac("sha256", password, _SALT, _ROUNDS)
        return self._sealing[password]


def _label(raw: bytes) -> str:
    """The label in the first line of an encrypted file, such as ``$ANSIBLE_VAULT;1.2;AES256;prod``; empty if there is none."""
    parts = raw.split(b"\n", 1)[0].decode("utf-8", "replace").strip().split(";")
    return parts[3] if len(parts) > 3 else ""
