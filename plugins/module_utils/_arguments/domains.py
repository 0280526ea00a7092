# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds keys that no request can match. Pure.

Routers compare a key byte by byte with the Host header (``uwsgi_get_subscribe_slot``, core/subscription.c). In 2.1 a part of the
path may follow it.
"""

from __future__ import annotations

import re

from .._dialect import V2_1, Release

# Characters that only an unmatched key can have. A cheap check, since nearly all keys are plain domains.
_ODD = re.compile(r"[A-Z/*\s,;@?]|[^\x00-\x7f]|\.\Z|\.:")
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:.*)?\Z", re.DOTALL)
_SEVERAL = re.compile(r"[\s,;]")
# Default ports, which browsers leave out.
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def unmatched(key: str, release: Release) -> str:
    """A warning if no request can match a key, with a key that would; empty if a request can."""
    if not _ODD.search(key):
        return ""
    before, has_scheme, host = key.rpartition("://")
    if not has_scheme and "." not in key and "*" not in key:
        # Not a domain, so something sets it through UWSGI_FASTROUTER_KEY.
        return ""
    domain, dummy, path = host.partition("/")
    name, port = _HOST.findall(domain.rpartition("@")[2])[0]
    name = name.strip()
    if _SEVERAL.search(name):
        return f"no request has the key {key!r}; give a list of keys, one for each name"
    name = _as_sent(name)
    port = "" if port.strip() == _DEFAULT_PORTS.get(before.lower()) else port.strip()
    if "*" in name:
        return _of_wildcard(key, name)
    if not name:
        return f"no request has the key {key!r}; give a domain"
    mountpoint = path.partition("?")[0].rstrip("/") if release >= V2_1 else ""
    wanted = name + port + ("/" + mountpoint if mountpoint else "")
    if wanted == key:
        return ""
    return f"no browser sends the Host header {key!r}, and routers compare byte by byte; {wanted!r} would match"


def _as_sent(name: str) -> str:
    """A name as browsers send it: in lower case, without the trailing dot, non-ASCII letters in punycode."""
    return ".".join(_label(label) for label in name.rstrip(".").lower().split("."))


def _label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label


def _of_wildcard(key: str, name: str) -> str:
    below = name[2:]
    if name.startswith("*.") and below and "*" not in below:
        return (
            f"no request has the key {key!r}, as uWSGI knows no wildcards; with key_dot_split on the router, '.{below}' would "
            f"match every name below {below!r}"
        )
    return (
        f"no request has the key {key!r}, as uWSGI knows no wildcards; give each name, or with key_dot_split on the router one "
        "that begins with a dot"
    )
