# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fuzzes everything that reads text and values from others: python -m hostile.fuzz COUNT [TARGET...]

Runs COUNT inputs for each target, or for the named ones, and fails at the first input that raises an error other than the
collection's own, or that needs more than a second. ``test_fuzz`` runs some of them in the same way.
"""

from __future__ import annotations

import argparse
import base64
import inspect
import json
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
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
from hostile.mutations import VALUES, changed_bytes, changed_value
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from support.modules import ROOT

# CPU time, so that a busy machine causes no failure. Linear code needs a tenth of it.
SECONDS = 1.0
# Hypothesis remembers all inputs of a run.
_BATCH = 10_000
_MEMORY = 3 * 2**30
_FOLDER = "/etc/uwsgi/vassals/"


class TooSlow(BaseException):
    """An input has used up its time. Code under test doesn't catch this."""


class Target(NamedTuple):
    """Something to fuzz.

    Attributes:
        inputs: valid ones with changes, and arbitrary ones.
        run: processes one input.
        errors: what it may raise.
    """

    inputs: st.SearchStrategy[Any]
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
    return Target(st.lists(_bytes(given_, words), min_size=1, max_size=3), run, ())


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

    def __repr__(self) -> str:
        # Hypothesis prints the failing input, which may be a number that Python refuses to print.
        limit = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)
        try:
            return f"Call({self.positional!r}, {self.named!r})"
        except RecursionError:
            return "Call(...), which is nested too deeply to be shown"
        finally:
            sys.set_int_max_str_digits(limit)


def _filter(function: Callable[..., Any]) -> Target:
    """A filter, with the calls in ``samples`` or, if it has none there, with all values of the others' calls."""
    name = function.__name__
    calls = samples.CALLS.get(name) or [([value], {}) for own in samples.CALLS.values() for call in own for value in call[0]]
    arguments = list(inspect.signature(function).parameters)
    changed = st.sampled_from(calls).flatmap(
        lambda call: st.builds(Call, changed_value(list(call[0])), changed_value(dict(call[1])))
    )
    others = st.builds(
        Call, st.lists(VALUES, min_size=1, max_size=len(arguments)), st.dictionaries(st.sampled_from(arguments), VALUES)
    )

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

    return Target(st.one_of(changed, changed, others), run, (AnsibleError,))


def _filters() -> Iterator[tuple[str, Target]]:
    for path in sorted((ROOT / "plugins" / "filter").glob("*.py")):
        module = import_module("ansible_collections.emperor.uwsgi.plugins.filter." + path.stem)
        for name, function in module.FilterModule().filters().items():
            yield "filter-" + name, _filter(function)


def _bytes(given_: list[bytes], words: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.one_of(changed_bytes(given_, words), changed_bytes(given_, words), st.binary(max_size=64))


TARGETS: dict[str, Target] = {
    "stats": Target(_bytes(samples.STATS, samples.STATS_WORDS), _table, (stats.StatsError,)),
    "emperor-stats": Target(_bytes(samples.EMPERORS, samples.EMPEROR_WORDS), _emperor, (stats.StatsError,)),
    "certificate": Target(_bytes(samples.CERTIFICATES, samples.CERTIFICATE_WORDS), _certificate, (ValueError,)),
    "ini": Target(_bytes(samples.INI, samples.INI_WORDS), _ini, (parser.TooMuchError,)),
    "instance": Target(
        st.lists(_bytes(samples.INI, samples.INI_WORDS), min_size=1, max_size=3), _instance, (ArgumentError, datagram.WireError)
    ),
    **{f"adoption-{ending}": _adoption(ending) for ending in samples.ADOPTED},
    "kvlist": Target(_bytes(samples.LISTS, samples.INI_WORDS), _kvlist, ()),
    "datagram": Target(_bytes(samples.DATAGRAMS, samples.DATAGRAM_WORDS), _datagram, (datagram.WireError,)),
    "pem": Target(_bytes(samples.PEMS, samples.PEM_WORDS), _pem, (ArgumentError,)),
    **dict(_filters()),
}


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt code that uses too much CPU time; raises AssertionError."""

    def stop(*dummy: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except TooSlow:
        raise AssertionError(f"took more than {seconds} s") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def fuzz(name: str, count: int, number: int) -> int:
    """Run some inputs of a target.

    Args:
        number: the seed; the same number makes the same inputs.

    Returns:
        how many inputs there were; fewer than ``count`` if they repeat.

    Raises:
        AssertionError: for an input that needs too long, or an error that the target may not raise.
    """
    target = TARGETS[name]
    tried = 0

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    @given(target.inputs)
    def one(given_: Any) -> None:
        nonlocal tried
        tried += 1
        try:
            with limited(SECONDS):
                target.run(given_)
        except target.errors as error:
            # Errors are shown to people.
            str(error).encode("utf-8", "surrogateescape")

    one()
    return tried


def main() -> int:
    """Returns the exit code: 0 if every target passes."""
    arguments = argparse.ArgumentParser(description="Fuzz whatever reads text and values that others wrote.")
    arguments.add_argument("count", type=int, help="the inputs of each target")
    arguments.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="target", help=", ".join(TARGETS))
    given_ = arguments.parse_args()
    # With a limit, excessive memory use fails here and not the whole machine.
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    for name in given_.targets or TARGETS:
        tried = 0
        while tried < given_.count:
            number = random.SystemRandom().getrandbits(32)
            try:
                tried += fuzz(name, min(_BATCH, given_.count - tried), number)
            except BaseException:
                print(f"fuzz: {name} failed with the seed {number}", file=sys.stderr)
                raise
        print(f"fuzz: {name}: {tried} inputs", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
