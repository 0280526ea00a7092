# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads existing uWSGI configuration files, for the module ``uwsgi_config_info``."""

from __future__ import annotations

import errno
import grp
import os
from typing import Any, Dict, Iterator, List, Tuple

from ansible.module_utils.basic import AnsibleModule

from .._errors import ArgumentError
from .._files import listing, opened
from .._files.chain import Chain
from .._files.trust import user_name

# The suffixes of files that the Emperor runs as vassals (core/emperor.c).
ENDINGS = (".ini", ".xml", ".yaml", ".yml", ".json", ".js")
# The first line of all files of the collection.
_MARKER = "; Managed by Ansible, emperor.uwsgi."
_MOST_FILES = 4096
_MOST_BYTES = 1 << 20
# Limits for one file with its includes, and for all files.
_MOST_OTHERS = 256
_MOST_WHOLE = 1 << 21
_MOST_TOTAL = 1 << 25
_TOO_MUCH = f"is left out, since the files have more than {_MOST_TOTAL} characters; name it in paths of a task of its own"


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Read the files.

    Returns:
        the module's result.

    Raises:
        ArgumentError: for a path that isn't absolute, or if there is too much to read.
    """
    others = {path: _others(path, given) for path, given in (module.params["included"] or {}).items()}
    found: List[Dict[str, Any]] = []
    absent: List[str] = []
    managed: List[str] = []
    total = 0
    for path, why in _paths(module.params["paths"], absent):
        if len(found) >= _MOST_FILES:
            raise ArgumentError("paths", f"has more than {_MOST_FILES} files; name fewer folders at a time")
        one = _broken(path, why) if why else _file(path, others.get(path, []))
        if one["text"].startswith(_MARKER):
            managed.append(path)
            continue
        size = len(one["text"]) + sum(map(len, one["others"].values()))
        # Whoever owns one of many files must not keep the others from being read.
        if total + size > _MOST_TOTAL:
            one, size = _broken(path, _TOO_MUCH), 0
        found.append(one)
        total += size
    return {"changed": False, "files": found, "absent": absent, "managed": managed}


def _others(path: str, given: Any) -> List[str]:
    place = f"included[{path}]"
    if not isinstance(given, list) or not all(isinstance(one, str) and one.startswith("/") for one in given):
        raise ArgumentError(place, "must be a list of absolute paths")
    if len(given) > _MOST_OTHERS:
        raise ArgumentError(place, f"has more than {_MOST_OTHERS} files; give fewer")
    return given


def _paths(given: List[str], absent: List[str]) -> Iterator[Tuple[str, str]]:
    """The files that folders, files and patterns stand for, each once, with the reason if one can't be read."""
    seen = set()
    for at, path in enumerate(given):
        if not path.startswith("/"):
            raise ArgumentError(f"paths[{at}]", f"{path!r} is not absolute; give the path from / on")
        for found, why in _of_path(path.rstrip("/") or "/", absent):
            if found not in seen:
                seen.add(found)
                yield found, why


def _of_path(path: str, absent: List[str]) -> Iterator[Tuple[str, str]]:
    if listing.is_pattern(path):
        found = listing.matches(path)
        if not found:
            absent.append(path)
        for one in found:
            yield from _of_path(one, absent) if not listing.is_pattern(one) else [(one, "")]
        return
    try:
        if not listing.is_folder(path):
            yield path, ""
            return
        names = listing.names(path)
    except FileNotFoundError:
        absent.append(path)
    except OSError as exc:
        yield path, f"can't be read: {exc.strerror}"
    else:
        for name in names:
            if name.endswith(ENDINGS) and not name.startswith("."):
                yield os.path.join(path, name), ""


def _file(path: str, others: List[str]) -> Dict[str, Any]:
    """A file and its includes, read with the permissions of whoever wrote them."""
    chain = Chain()
    try:
        status = opened.status(path)
        text = _text(chain, path)
    except (OSError, ValueError) as exc:
        return _broken(path, _why(exc))
    texts: Dict[str, str] = {}
    missing: Dict[str, str] = {}
    left = _MOST_WHOLE - len(text)
    for other in others:
        if left < 0:
            missing[other] = f"is not read, since what is included has more than {_MOST_WHOLE} characters"
            continue
        try:
            texts[other] = _text(chain, other)
            left -= len(texts[other])
        except (OSError, ValueError) as exc:
            missing[other] = _why(exc)
    return {
        "path": path,
        "text": text,
        "error": "",
        "owner": user_name(status.st_uid),
        "group": _group_name(status.st_gid),
        "others": texts,
        "missing": missing,
    }


def _broken(path: str, why: str) -> Dict[str, Any]:
    return {"path": path, "text": "", "error": why, "owner": "", "group": "", "others": {}, "missing": {}}


def _text(chain: Chain, path: str) -> str:
    content = chain.read(path)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {_MOST_BYTES} bytes", path)
    return content.decode("utf-8")


def _why(exc: Exception) -> str:
    return f"can't be read: {exc.strerror}" if isinstance(exc, OSError) else "is not UTF-8"


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
