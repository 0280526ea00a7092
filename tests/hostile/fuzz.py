# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fuzzes everything that reads text and values from others: python -m hostile.fuzz COUNT [TARGET...]

Runs COUNT inputs for each target, or for the named ones, and fails at the first input that raises an error other than the
collection's own, or that needs more than a second. Each input is made from a number, which the error tells; with
``--first NUMBER`` it is made again. ``test_fuzz`` runs some of them in the same way.
"""

from __future__ import annotations

import argparse
import base64
import inspect
import json
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from random import Random, SystemRandom
from typing import Any, NamedTuple

from ansible.errors import AnsibleError
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import emperor_stats
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance, kvlist, parser
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import pem
from ansible_collections.emperor.uwsgi.plugins.module_utils._node import datagram
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import scanner, stats
from ansible_collections.emperor.uwsgi.plugins.module_utils._tls import certificate
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import adopted
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import instance as adopted_instance
from hostile import samples
from hostile.mutations import any_bytes, any_value, changed_bytes, changed_value
from support.modules import ROOT

# CPU time, so that a busy machine causes no failure. Linear code needs a tenth of it.
SECONDS = 1.0
_MEMORY = 3 * 2**30
_FOLDER = "/etc/uwsgi/vassals/"


class TooSlow(BaseException):
    """Interrupts code that has used up its time. Code under test doesn't catch this."""


class SlowError(AssertionError):
    """Code was interrupted because of its time."""


class Target(NamedTuple):
    """Something to fuzz.

    Attributes:
        inputs: makes one at random: a valid one with changes, or an arbitrary one.
        run: processes one input.
        errors: what it may raise.
    """

    inputs: Callable[[Random], Any]
    run: Callable[[Any], Any]
    errors: tuple[type[Exception], ...]


def _instance(files: list[bytes]) -> None:
    """Read the first file as a vassal's, which may include the others by their numbers."""
    texts = {f"{_FOLDER}{at}.ini": text for at, text in enumerate(files)}

    def content(path: str) -> bytes:
        if path not in texts:
            raise FileNotFoundError(2, "No such file or directory", path)
        return texts[path]

    found = instance.read("vassal", _FOLDER + "0.ini", content)
    for one in found.announcements():
        # Its further uses: to be announced, and to be returned.
        fields = [("key", one.key), ("address", one.address)]
        datagram.encode(datagram.UNSUBSCRIBE, fields)


def _ini(raw: bytes) -> None:
    parser.read(raw.decode("utf-8", "surrogateescape"), _FOLDER + "0.ini")


def _adoption(ending: str) -> Target:
    """The files of a host in a format, the first of which may include the others, by their numbers."""

    def run(files: list[bytes]) -> None:
        texts = {f"{_FOLDER}{at}.{ending}": raw.decode("utf-8", "replace") for at, raw in enumerate(files)}
        first = _FOLDER + "0." + ending
        others = {path: text for path, text in texts.items() if path != first}
        given = {"path": first, "text": texts[first], "owner": "alice", "others": others}
        for path in adopted_instance.wanted(given):
            assert path not in texts
        adopted.adopted({"node1": [given, *({"path": path, "text": text} for path, text in others.items())]}, "all")

    given_, words = samples.ADOPTED[ending]
    # Nothing that a file says is an error for the others.
    return Target(_several(_bytes(given_, words)), run, ())


def _kvlist(raw: bytes) -> None:
    pairs = kvlist.parse(raw.decode("utf-8", "surrogateescape"))
    assert sum(map(len, pairs.values())) <= len(raw)


def _datagram(raw: bytes) -> None:
    packet = datagram.decode(raw)
    assert len(packet.fields) <= len(packet.pairs)
    unsigned = datagram.encode(packet.command, packet.pairs)
    assert packet.signature is not None or unsigned == raw


def _pem(raw: bytes) -> None:
    pem.inspect("key", raw.decode("utf-8", "surrogateescape"))


def _certificate(raw: bytes) -> None:
    text = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(raw or b'0').decode()}\n-----END CERTIFICATE-----\n"
    json.dumps(certificate.first(text)[1:], ensure_ascii=False, allow_nan=False).encode("utf-8")
    certificate.end(text)


def _table(raw: bytes) -> None:
    found = stats.parse(raw)
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    pairs = {(pool.key, node.address) for pool in found.pools for node in pool.nodes}
    kept = scanner.Selection(pairs).read(raw)
    assert [pool for pool in kept.pools if pool.nodes] == [pool for pool in found.pools if pool.nodes]


def _emperor(raw: bytes) -> None:
    found = emperor_stats.parse(raw)
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    emperor_stats.state(found, _FOLDER + "0.ini")


class Call(NamedTuple):
    """The arguments of a filter."""

    positional: list[Any]
    named: dict[str, Any]


def _filter(function: Callable[..., Any]) -> Target:
    """A filter, with the calls in ``samples`` or, if it has none there, with all values of the others' calls."""
    name = function.__name__
    calls = samples.CALLS.get(name) or [([value], {}) for own in samples.CALLS.values() for call in own for value in call[0]]
    arguments = list(inspect.signature(function).parameters)

    def inputs(chance: Random) -> Call:
        if chance.randrange(3):
            positional, named = chance.choice(calls)
            return Call(changed_value(chance, list(positional)), changed_value(chance, dict(named)))
        given_ = [any_value(chance) for dummy in range(chance.randint(1, len(arguments)))]
        return Call(given_, {name: any_value(chance) for name in arguments if chance.randrange(4) == 0})

    def run(call: Call) -> None:
        positional = call.positional if isinstance(call.positional, list) else [call.positional]
        named = call.named if isinstance(call.named, dict) else {}
        named = {one: value for one, value in named.items() if isinstance(one, str)}
        try:
            bound = inspect.signature(function).bind(*positional, **named)
        except TypeError:
            # Ansible reports this itself.
            return
        function(*bound.args, **bound.kwargs)

    return Target(inputs, run, (AnsibleError,))


def _filters() -> Iterator[tuple[str, Target]]:
    for path in sorted((ROOT / "plugins" / "filter").glob("*.py")):
        module = import_module("ansible_collections.emperor.uwsgi.plugins.filter." + path.stem)
        for name, function in module.FilterModule().filters().items():
            yield "filter-" + name, _filter(function)


def _bytes(given_: list[bytes], words: list[bytes]) -> Callable[[Random], bytes]:
    return lambda chance: changed_bytes(chance, given_, words) if chance.randrange(3) else any_bytes(chance, 64)


def _several(one: Callable[[Random], bytes]) -> Callable[[Random], list[bytes]]:
    return lambda chance: [one(chance) for dummy in range(chance.randint(1, 3))]


TARGETS: dict[str, Target] = {
    "stats": Target(_bytes(samples.STATS, samples.STATS_WORDS), _table, (stats.StatsError,)),
    "emperor-stats": Target(_bytes(samples.EMPERORS, samples.EMPEROR_WORDS), _emperor, (stats.StatsError,)),
    "certificate": Target(_bytes(samples.CERTIFICATES, samples.CERTIFICATE_WORDS), _certificate, (ValueError,)),
    "ini": Target(_bytes(samples.INI, samples.INI_WORDS), _ini, (parser.TooMuchError,)),
    "instance": Target(_several(_bytes(samples.INI, samples.INI_WORDS)), _instance, (ArgumentError, datagram.WireError)),
    **{f"adoption-{ending}": _adoption(ending) for ending in samples.ADOPTED},
    "kvlist": Target(_bytes(samples.LISTS, samples.INI_WORDS), _kvlist, ()),
    "datagram": Target(_bytes(samples.DATAGRAMS, samples.DATAGRAM_WORDS), _datagram, (datagram.WireError,)),
    "pem": Target(_bytes(samples.PEMS, samples.PEM_WORDS), _pem, (ArgumentError,)),
    **dict(_filters()),
}


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt code that uses too much CPU time; raises SlowError."""

    def stop(*dummy: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except TooSlow:
        raise SlowError(f"took more than {seconds} s") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _shown(given_: Any) -> str:
    """An input for people, who need its number for the whole of it."""
    # It may be a number that Python refuses to print.
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return repr(given_)[:2000]
    except RecursionError:
        return "nested too deeply to be shown"
    finally:
        sys.set_int_max_str_digits(limit)


def _run_once_or_twice(target: Target, number: int) -> None:
    # While a virtual machine stands still, its processes may seem to use CPU time.
    try:
        with limited(SECONDS):
            target.run(target.inputs(Random(number)))
    except SlowError:
        with limited(SECONDS):
            target.run(target.inputs(Random(number)))


def fuzz(name: str, count: int, first: int) -> None:
    """Run some inputs of a target.

    Args:
        first: the number of the first one; the same numbers make the same inputs.

    Raises:
        AssertionError: for an input that needs too long, or an error that the target may not raise.
    """
    target = TARGETS[name]
    for number in range(first, first + count):
        try:
            _run_once_or_twice(target, number)
        except target.errors as error:
            # Errors are shown to people.
            str(error).encode("utf-8", "surrogateescape")
        except BaseException as error:
            # Made again, since the target may have changed it.
            shown = _shown(target.inputs(Random(number)))
            raise AssertionError(f"{name} failed with the input {number}: {error!r}: {shown}") from error


def main() -> int:
    """Returns the exit code: 0 if every target passes."""
    arguments = argparse.ArgumentParser(description="Fuzz whatever reads text and values that others wrote.")
    arguments.add_argument("count", type=int, help="the inputs of each target")
    arguments.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="target", help=", ".join(TARGETS))
    arguments.add_argument("--first", type=int, default=SystemRandom().getrandbits(64), help="the number of the first input")
    given_ = arguments.parse_args()
    # With a limit, excessive memory use fails here and not the whole machine.
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    for name in given_.targets or TARGETS:
        fuzz(name, given_.count, given_.first)
        print(f"fuzz: {name}: {given_.count} inputs from {given_.first}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
