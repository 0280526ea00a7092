# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of public keys on the controller. They are not encrypted, so they aren't trusted without a seal.

If the private key is encrypted, its public file has a seal, which only somebody with the vault's password can create. It covers
one public key and one private key file, as encrypted. A valid seal proves that the two belong together without decryption.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names, pem

from . import temporary

# In a folder of their own, so that nobody encrypts them with the private ones, and a key named NAME.pub doesn't conflict.
FOLDER = "public"
_SUFFIX = ".pub.pem"
_SEAL = re.compile(r"^# Seal: ([0-9a-f]{64})$", re.MULTILINE)
_MOST = 64 * 1024


class PublicFile(NamedTuple):
    """A public key as read from a file.

    Attributes:
        content: in PEM, without the text before it.
        seal: empty if there is none.
    """

    content: str
    fingerprint: str
    seal: str


def path_of(directory: str, name: str) -> str:
    """The path of the public key of a private key.

    Args:
        directory: the private key's folder.
        name: the private key's file name.
    """
    return os.path.join(directory, FOLDER, name[: -len(file_names.SUFFIX)] + _SUFFIX)


def read(path: str, private: str) -> PublicFile | None:
    """Read a public key; None if there is none.

    Args:
        private: the path of the private key.

    Raises:
        ArgumentError: for anything but a public key; the text contains nothing of the content.
    """
    try:
        with open(path, "rb") as stream:
            text = stream.read(_MOST + 1).decode("utf-8")
        found = pem.inspect(path, text, "public")
    except FileNotFoundError:
        return None
    except OSError as exc:
        # A file can't have such a long name, so there is none.
        if len(os.path.basename(path)) > file_names.MAX_NAME:
            return None
        raise ArgumentError(path, f"can't be read: {exc.strerror}; let it be read, or remove it") from exc
    except (UnicodeDecodeError, ArgumentError) as exc:
        why = exc.problem if isinstance(exc, ArgumentError) else "is not text"
        raise ArgumentError(path, f"{why}; it is to be the public half of {private}; remove it, and it is made again") from None
    seal = _SEAL.search(text)
    return PublicFile(text[text.index("-----BEGIN PUBLIC KEY-----") :], found.fingerprint, seal[1] if seal else "")


def refuse_other(found: PublicFile, derived: str, path: str, private: str) -> None:
    """Reject a file that has another key's public half.

    Args:
        derived: the public key derived from the private key.

    Raises:
        ArgumentError: naming both.
    """
    fingerprint = pem.inspect(private, derived, "public").fingerprint
    if found.fingerprint != fingerprint:
        raise ArgumentError(
            path,
            f"is not the public half of {private}: it is {found.fingerprint}, and that one is {fingerprint}; if the private key "
            "is the right one, remove the public half, and it is made again; if not, restore the private key",
        )


def said(name: str, fingerprint: str) -> bytes:
    """The statement that a seal covers: a public key belongs to the private key with a name."""
    return f"{name}\0{fingerprint}".encode()


def write(path: str, name: str, public: str, seal: str) -> None:
    """Write or replace a public key, if possible. Without the file everything works, but slower."""
    head = f"# The public half of {name}, made by emperor.uwsgi. It is no secret; do not encrypt it.\n"
    content = head + (f"# Seal: {seal}\n" if seal else "") + public
    try:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with temporary.written(os.path.dirname(path), content.encode("ascii"), 0o644) as made:
            os.replace(made, path)
    except OSError:
        return


def remove(path: str) -> None:
    """Make sure that there is none."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as exc:
        if len(os.path.basename(path)) <= file_names.MAX_NAME:
            raise ArgumentError(path, f"can't be removed: {exc.strerror}") from exc
