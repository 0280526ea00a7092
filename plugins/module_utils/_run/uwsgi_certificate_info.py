# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What routers serve, compared with the files: what the module ``uwsgi_certificate_info`` does."""

from __future__ import annotations

import hashlib
import socket
import time
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule

from .. import _module
from .._addresses import endpoint
from .._errors import ArgumentError, HostError
from .._files.child import as_user, where_it_belongs
from .._tls import pair, served

CURRENT, STALE, UNANNOUNCED, SILENT = "current", "stale", "unannounced", "silent"
_SHOWN = ("router", "address", "name", "certificate")


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Read the files and ask the routers.

    Returns:
        the module's result.

    Raises:
        ArgumentError: for an argument that can't be used.
        HostError: for a pair that must not be served, and for a router without a handshake.
    """
    given: List[Dict[str, Any]] = module.params["certificates"]
    _check(given, module.params["timeout"])
    user = _module.runner(module.params["user"], "user", False)
    files = as_user(user, lambda: [_file(one) for one in given])
    seen = _Seen(module.params["timeout"])
    found = [{**{name: one[name] for name in _SHOWN}, **file, **seen.look(one)} for one, file in zip(given, files)]
    for one, state in zip(found, _states(found, seen)):
        one["state"] = state
    # Of several files for one name, one is served; nobody can say of which node.
    current = {(one["address"], one["name"]) for one in found if one["state"] == CURRENT}
    stale = {one["router"] for one in found if one["state"] == STALE and (one["address"], one["name"]) not in current}
    refused, tolerated = _problems(found)
    result = {"certificates": [_shown(one) for one in found], "stale": sorted(stale)}
    if refused:
        raise HostError(refused[0][0], "; ".join([refused[0][1], *(": ".join(one) for one in refused[1:])]), **result)
    _refuse_silent(found, result)
    for what, problem in tolerated:
        module.warn(f"{what}: {problem}")
    return {"changed": False, **result}


def _check(given: List[Dict[str, Any]], timeout: int) -> None:
    if timeout < 1:
        raise ArgumentError("timeout", f"{timeout} is too small; give 1 or more seconds")
    for at, one in enumerate(given):
        try:
            endpoint(one["address"])
        except ValueError as exc:
            raise ArgumentError(f"certificates[{at}].address", f"{exc}; give IPV4:PORT, or the path of a socket") from exc


def _file(one: Dict[str, Any]) -> Dict[str, Any]:
    """What is to be said of a pair of files, by whoever can read them."""
    try:
        found = pair.read(one["certificate"], one["key"])
    except pair.Unusable as exc:
        return {"problem": str(exc), "usable": False}
    problem = found.flaw(one["name"], time.time())
    return {
        "fingerprint": hashlib.sha256(found.certificate.der).hexdigest(),
        "end": pair.stamp(found.certificate.end),
        "usable": True,
        **({"problem": problem} if problem else {}),
    }


class _Seen:
    """What clients see, each asked once.

    Args:
        timeout: seconds for each.
    """

    def __init__(self, timeout: int) -> None:
        self._timeout = timeout
        self._found: Dict[Tuple[str, str], Dict[str, str]] = {}
        # Addresses that let somebody wait, which would do so for each name.
        self._slow: Dict[str, Dict[str, str]] = {}

    def look(self, one: Dict[str, Any]) -> Dict[str, str]:
        """The fingerprint of what is served, or the reason why there is none."""
        return self.at(one["address"], one["name"])

    def at(self, address: str, name: str) -> Dict[str, str]:
        """The same; an address that doesn't answer without a name isn't asked for each."""
        if (address, name) not in self._found:
            own = self.at(address, "") if name else {}
            self._found[address, name] = own if "error" in own else self._slow.get(address) or self._ask(address, name)
        return self._found[address, name]

    def _ask(self, address: str, name: str) -> Dict[str, str]:
        def fingerprint() -> str:
            return hashlib.sha256(served.certificate(address, name, self._timeout)).hexdigest()

        try:
            # As whoever can put another socket in its place.
            return {"served_fingerprint": where_it_belongs(fingerprint, 2 * self._timeout + 1)}
        except (OSError, ValueError, HostError) as exc:
            # Of an address without a socket, of TLS, and of a name that is none.
            found = {"error": getattr(exc, "strerror", None) or str(exc)}
            # The other one is that of a child that is ended.
            if isinstance(exc, (socket.timeout, HostError)):
                self._slow[address] = found
            return found


def _states(found: List[Dict[str, Any]], seen: _Seen) -> List[str]:
    states = []
    for one in found:
        served_one = one.get("served_fingerprint")
        if served_one is None:
            states.append(SILENT)
        elif served_one == one.get("fingerprint"):
            states.append(CURRENT)
        elif one["name"] and served_one == seen.at(one["address"], "").get("served_fingerprint"):
            states.append(UNANNOUNCED)
        else:
            states.append(STALE)
    return states


def _problems(found: List[Dict[str, Any]]) -> Tuple[List[Tuple[str, str]], List[Tuple[str, str]]]:
    """What is wrong with files, as places and words: of those that must not be served, and of those that are served already."""
    refused: Dict[Tuple[str, str], None] = {}
    tolerated: Dict[Tuple[str, str], None] = {}
    for one in found:
        if "problem" in one:
            what, dummy, problem = one["problem"].partition(": ")
            known = tolerated if one["usable"] and one["state"] == CURRENT else refused
            known[what, problem] = None
    return list(refused), list(tolerated)


def _refuse_silent(found: List[Dict[str, Any]], result: Dict[str, Any]) -> None:
    silent = {(one["router"], one["address"]): one["error"] for one in found if one["state"] == SILENT}
    words = [f"{router} at {address} does not complete a TLS handshake ({why})" for (router, address), why in silent.items()]
    if words:
        raise HostError("certificates", "; ".join(words) + "; see that the router runs and what its log says", **result)


def _shown(one: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in one.items() if name != "usable"}
