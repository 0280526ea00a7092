# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File names of signing keys. Pure."""

from __future__ import annotations

import re
from typing import Any

from .._dialect import V2_0, V2_1, Release
from .._errors import ArgumentError
from .._masking import mask

SUFFIX = ".pem"
# Characters that are allowed in file names on any file system.
MAX_NAME = 255
_UNSAFE = re.compile(rb"[^0-9A-Za-z._-]")
_FILE_NAME = re.compile(r"[0-9A-Za-z._-]+\.pem\Z")


def owner(key: str, release: Release = V2_0) -> str:
    """The part of a subscription key for which a router of some release looks up the public key.

    Since 2.1, all mountpoints of a domain are signed with one key (``uwsgi_sanitize_cert_filename``, core/ssl.c).
    """
    return key.partition("/")[0] if release >= V2_1 else key


def key_file(key: str, release: Release = V2_0) -> str:
    """The name of the file in which a router looks for a subscription key's public half.

    Args:
        key: such as ``shop.example.com:8000``; every byte that isn't a letter, a digit, ``.``, ``_`` or ``-`` becomes ``_``
            (``uwsgi_subscription_sign_check``, ``core/subscription.c``).
        release: the router's.
    """
    key = owner(key, release)
    return _UNSAFE.sub(b"_", key.encode("utf-8")).decode("ascii") + SUFFIX


def file_name(path: str, value: Any) -> str:
    """Check the file name of a key.

    Raises:
        ArgumentError: if ``key_file`` couldn't have produced it.
    """
    if not isinstance(value, str) or not _FILE_NAME.match(value) or len(value) > MAX_NAME:
        try:
            text = str(value)
        except (ValueError, RecursionError):
            # A number of thousands of digits, or an endless list.
            text = type(value).__name__
        # Masked before it is cut: a PEM without its END line would hide the rest of the error.
        shown = repr(mask(text)[:80])
        raise ArgumentError(
            path,
            f"{shown} can't name a signing key's file; give at most {MAX_NAME} of letters, digits, '.', '_' and '-', with "
            f"{SUFFIX} at the end, as the filter emperor.uwsgi.signing_key_file does",
        )
    return value
