# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's loaders with vault passwords, and values that they encrypt."""

from __future__ import annotations

from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

Secret = tuple[str, bytes]


def loader(*secrets: Secret) -> Any:
    """Ansible's own loader, which knows some passwords by their labels."""
    found = DataLoader()
    if secrets:
        found.set_vault_secrets([(name, VaultSecret(password)) for name, password in secrets])
    return found


def encrypted(content: str, secret: Secret, labelled: bool = False) -> bytes:
    """A file as ansible-vault writes it."""
    name, password = secret
    return bytes(VaultLib().encrypt(content, secret=VaultSecret(password), vault_id=name if labelled else None))


class Counting:
    """A loader that records the paths of files that it decrypts.

    Args:
        files: contents by path, which are on no disk.
    """

    def __init__(self, files: dict[str, bytes], *secrets: Secret) -> None:
        self._loader = loader(*secrets)
        self._files = files
        self.decrypted: list[str] = []
        self._vault = self._loader._vault

    def _get_file_contents(self, path: str) -> Any:
        self.decrypted.append(path)
        if path in self._files:
            return self._vault.decrypt(self._files[path]), True
        return self._loader._get_file_contents(path)
