# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All sources of a look: routers, the Emperor, suspend files, the gate's results, certificates, workers, other hosts.

If a source lies, hangs or sends garbage, only that source has an error; the answers of the others are kept.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from .._addresses import endpoint
from .._errors import ArgumentError, HostError
from .._files import opened
from .._host import emperor_stats
from .._node import suspend
from .._pool import stats, strict_json
from .._pool.stats import Listed, StatsError
from .._tls import certificate
from . import workers
from .config import MOST_NODES, Config, Peer, Router, Vassal

_MOST_AT_ONCE = 16
# Half of what a router with MOST_NODES writes.
_MOST_BYTES = 16 * 2**20
# The longest key that a router survives; anything longer is nobody's key.
_LONGEST = 255
_CHUNK = 1 << 16
# The page that is fetched from other hosts.
HELD = "/held.json"


class Pools(NamedTuple):
    """What one router lists, each node once.

    Attributes:
        time: Unix time of the query.
        pools: by key and address.
        hits: by key, the requests for it.
        dropped: the number of nodes beyond ``MOST_NODES``, which are missing from the pools here.
    """

    version: str
    time: float
    seconds: float
    pools: Dict[str, Dict[str, Listed]]
    hits: Dict[str, int]
    dropped: int = 0


class Result(NamedTuple):
    """The result of the health gate's last check."""

    well: bool
    out: bool
    seconds: float
    time: float


class Look(NamedTuple):
    """What was found, by the names in the configuration. Missing entries couldn't be obtained.

    Attributes:
        held: by vassal, the reasons of its suspend files.
        results: by vassal.
        certificates: by path, the Unix time of expiry.
        others: by host and vassal there, the reasons.
        errors: by source, the error.
    """

    time: float
    seconds: float
    routers: Dict[str, Pools]
    emperor: Optional[emperor_stats.Emperor]
    held: Dict[str, List[str]]
    results: Dict[str, Result]
    certificates: Dict[str, float]
    workers: Dict[str, workers.Instance]
    others: Dict[str, Dict[str, List[str]]]
    errors: Dict[str, str]


# The name of a source, and a function that asks it.
Source = Tuple[str, Callable[[], Any]]


def sources(config: Config) -> List[Source]:
    """All sources to ask, each named by its kind and name."""

    def fetch(address: str) -> bytes:
        return stats.fetch(address, config.timeout, _no_url, _MOST_BYTES)

    found: List[Source] = [(f"router:{one.name}", partial(_router, one, fetch)) for one in config.routers]
    if config.emperor is not None:
        found.append(("emperor:", partial(_emperor, config.emperor, fetch)))
    for vassal in config.vassals:
        if vassal.suspend:
            found.append((f"held:{vassal.name}", partial(_held, vassal)))
        if vassal.stats is not None:
            found.append((f"workers:{vassal.name}", partial(_workers, vassal.stats, fetch)))
    found += [(f"gate:{path}", partial(_results, path)) for path in config.gates]
    found += [(f"certificate:{path}", partial(_end, path)) for path in config.certificates]
    found += [(f"host:{peer.host}", partial(_others, peer, config.timeout)) for peer in config.ask]
    return found


def look(config: Config) -> Look:
    """Ask all sources once, at the same time."""
    begin, asked = time.monotonic(), sources(config)
    answers: Dict[str, Any] = {}
    errors: Dict[str, str] = {}

    def ask(source: Source) -> None:
        name, work = source
        try:
            answers[name] = work()
        except (StatsError, ArgumentError, HostError, OSError, ValueError) as exc:
            errors[name] = str(exc)
        except Exception as exc:  # whatever a stranger caused, the others are still shown
            errors[name] = type(exc).__name__

    with ThreadPoolExecutor(_MOST_AT_ONCE) as executor:
        list(executor.map(ask, asked))

    def of(kind: str) -> Dict[str, Any]:
        return {name[len(kind) + 1 :]: one for name, one in answers.items() if name.startswith(kind + ":")}

    results = {file: result for one in of("gate").values() for file, result in one.items()}
    return Look(
        time=time.time(),
        seconds=time.monotonic() - begin,
        routers=of("router"),
        emperor=answers.get("emperor:"),
        held=of("held"),
        results={vassal.name: results[vassal.file] for vassal in config.vassals if vassal.file in results},
        certificates=of("certificate"),
        workers=of("workers"),
        others=of("host"),
        errors=errors,
    )


def _no_url(url: str, dummy: float) -> bytes:
    raise ValueError(f"{url} is a URL, which the live page does not ask")


def _router(router: Router, fetch: Callable[[str], bytes]) -> Pools:
    begin = time.monotonic()
    raw = fetch(router.stats)
    now = time.time()
    table = stats.parse(raw)
    pools: Dict[str, Dict[str, Listed]] = {}
    hits: Dict[str, int] = {}
    count = dropped = 0
    for pool in table.pools:
        key = pool.key[:_LONGEST]
        # Labels of a series must be unique, so only the first of duplicates is kept.
        hits.setdefault(key, pool.hits)
        nodes = pools.setdefault(key, {})
        for node in pool.nodes:
            address = node.address[:_LONGEST]
            if address in nodes:
                continue
            if count >= MOST_NODES:
                dropped += 1
                continue
            nodes[address] = node._replace(address=address)
            count += 1
        if len(pools) > MOST_NODES:
            raise StatsError(f"{router.stats} lists more than {MOST_NODES} keys")
    return Pools(table.version[:_LONGEST], now, time.monotonic() - begin, pools, hits, dropped)


def _emperor(address: str, fetch: Callable[[str], bytes]) -> emperor_stats.Emperor:
    return emperor_stats.parse(fetch(address))


def _workers(address: str, fetch: Callable[[str], bytes]) -> workers.Instance:
    return workers.parse(fetch(address))


def _end(path: str) -> float:
    return certificate.end(opened.read(path, anybodys=True).decode("ascii", "replace"))


def _held(vassal: Vassal) -> List[str]:
    return sorted({reason for path in vassal.suspend for reason in suspend.reasons(path)})


def _results(path: str) -> Dict[str, Result]:
    """The gate's results, by the vassals' files."""
    try:
        found = strict_json.mapping(strict_json.load(opened.read(path, anybodys=True).decode("utf-8")))
        return {file: _result(strict_json.mapping(one)) for file, one in found.items()}
    except (KeyError, TypeError) as exc:
        raise ValueError(f"{path} is not what the health gate writes") from exc


def _result(one: Dict[str, Any]) -> Result:
    seconds, at = one["seconds"], strict_json.number(one["time"])
    if not isinstance(seconds, (int, float)) or not 0 <= seconds < 2**31:
        raise TypeError("no seconds")
    return Result(one["well"] is True, one["out"] is True, float(seconds), float(at))


def _others(peer: Peer, timeout: float) -> Dict[str, List[str]]:
    """Why another host's vassals are silent, according to its own page."""
    try:
        found = strict_json.mapping(strict_json.load(_get(peer.address, HELD, timeout).decode("utf-8")))
        held = strict_json.mapping(found["held"])
        return {vassal[:_LONGEST]: _reasons(reasons) for vassal, reasons in held.items()}
    except (KeyError, TypeError, ValueError) as exc:
        raise StatsError(f"{peer.address} is not a live page that says why its vassals are silent") from exc
    except OSError as exc:
        raise StatsError(f"{peer.address} does not answer: {exc}; check that the live page of {peer.host} runs") from exc


def _reasons(value: Any) -> List[str]:
    return sorted({reason for reason in map(strict_json.text, strict_json.sequence(value)) if suspend.is_reason(reason)})


def _get(address: str, path: str, timeout: float) -> bytes:
    """The answer of an http server, within a total deadline (HTTP/1.0, RFC 1945)."""
    deadline = time.monotonic() + timeout
    family, target = endpoint(address)
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        stream.settimeout(timeout)
        stream.connect(target)
        stream.sendall(f"GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n".encode("ascii"))

        def receive(left: float) -> bytes:
            stream.settimeout(left)
            return stream.recv(_CHUNK)

        head, dummy, body = stats.read_all(receive, deadline, _MOST_BYTES).partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise ValueError("not an answer")
    return body
