# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few nodes from a router's stats: the scanner finds what the full reader reads, or leaves the answer to the full reader."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool import scanner, stats
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.scanner import Selection
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import Listed, ListedPool, StatsError, Table
from hypothesis import given
from hypothesis import strategies as st
from support.stream import computed

# A node as a router of 2.0.31 writes it, and as one of 2.1 does.
NODE = (
    '{"name":"%s",\n"modifier1":5,\n"modifier2":6,\n"last_check":90,\n"pid":0,\n"uid":0,\n"gid":0,\n"requests":7,\n'
    '"last_requests":1,\n"tx":2,\n"rx":3,\n"cores":4,\n"load":0,\n"weight":3,\n"wrr":1,\n"ref":9,\n"failcnt":8,\n"death_mark":0\n}'
)
NEWER = (
    '{"name":"%s","vassal":"a.ini","modifier1":5,"modifier2":6,"last_check":90,"pid":0,"uid":0,"gid":0,"requests":7,'
    '"last_requests":1,"tx":2,"rx":3,"cores":4,"load":0,"weight":3,"backup":1,"proto":"%s","wrr":1,"ref":9,"failcnt":8,'
    '"death_mark":0}'
)
FULL = Listed("10.0.0.7:1", 90, 3, 5, 6, 7, 8, 9)
LATER = FULL._replace(vassal="a.ini", backup=1)


def pool(key: str, *nodes: str, newer: bool = False) -> str:
    algo = '"algo":"lrc",' if newer else ""
    return f'{{\n\t"key":"{key}",\n"hash":1,\n"hits":4,\n"sni_enabled":0,\n{algo}"nodes":[\n{",".join(nodes)}\n]}}'


def table(*pools: str, more: str = '"cheap":0') -> bytes:
    head = '{"version":"2.0.31","pid":7,"cwd":"/","active_sessions":0,"fastrouter":["10.0.0.2:80","10.0.0.2:2626"],'
    return f'{head}"subscriptions":[\n{",".join(pools)}\n],\n{more}}}'.encode("latin-1")


def node(address: str = "10.0.0.7:1") -> str:
    return NODE % address


def read(raw: bytes, *pairs: str, others: bool = False) -> Any:
    """The chosen nodes of a table, each given as KEY NODE, or the error."""
    return outcome(lambda: Selection([(one.split(" ")[0], one.split(" ")[1]) for one in pairs], others).read(raw))


def outcome(work: Any) -> Any:
    try:
        return work()
    except StatsError as error:
        return str(error)


SOCKETS = ("10.0.0.2:80", "10.0.0.2:2626")
A = "a 10.0.0.7:1"


def found(*pools: ListedPool, version: str = "2.0.31") -> Table:
    return Table(version, 7, list(pools), SOCKETS)


# What a router says, and what is found for the node 10.0.0.7:1 of the key "a".
SCANNED: List[Any] = [
    ("nothing", table(), found()),
    ("the node alone", table(pool("a", node())), found(ListedPool("a", 4, [FULL]))),
    ("of another key", table(pool("b", node())), found()),
    ("another one", table(pool("a", node("10.0.0.8:1"))), found(ListedPool("a", 4, []))),
    ("two, the second one", table(pool("a", node("10.0.0.8:1"), node())), found(ListedPool("a", 4, [FULL]))),
    ("twice, as it is", table(pool("a", node(), node())), found(ListedPool("a", 4, [FULL, FULL]))),
    ("between others", table(pool("b", node()), pool("a", node()), pool("c", node(), node())), found(ListedPool("a", 4, [FULL]))),
    ("a key twice", table(pool("a", node()), pool("a", node("x"))), found(ListedPool("a", 4, [FULL]), ListedPool("a", 4, []))),
    ("dead", table(pool("a", node().replace('mark":0', 'mark":1'))), found(ListedPool("a", 4, [FULL._replace(dead=True)]))),
    ("a negative one", table(pool("a", node().replace(":90", ":-1"))), found(ListedPool("a", 4, [FULL._replace(last_check=-1)]))),
    ("of 2.1", table(pool("a", NEWER % ("10.0.0.7:1", "\xbf"), newer=True)), found(ListedPool("a", 4, [LATER], "lrc"))),
    ("with a NUL byte", table(pool("a", NEWER % ("10.0.0.7:1", "\0"), newer=True)), found(ListedPool("a", 4, [LATER], "lrc"))),
    *[
        (letter, table(pool("a", NEWER % ("10.0.0.7:1", letter), newer=True)),
         found(ListedPool("a", 4, [LATER._replace(protocol=protocol)], "lrc")))
        for letter, protocol in (("h", "http"), ("u", "uwsgi"), (",", ""))
    ],
    ("cleared beside it", table(pool("a", NEWER % ("", "u"), node(), NEWER % ("x:1", "u"), newer=True)),
     found(ListedPool("a", 4, [LATER._replace(address="", protocol="uwsgi"), FULL], "lrc"))),
    ("minified", table(pool("a", re.sub(r"\s", "", node()))), found(ListedPool("a", 4, [FULL]))),
    ("an extra comma after it", table(pool("a", node()), more='"cheap":0,'), found(ListedPool("a", 4, [FULL]))),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in SCANNED], ids=[case[0] for case in SCANNED])
def test_what_a_router_writes_is_scanned(raw: bytes, expected: Table) -> None:
    assert Selection([("a", "10.0.0.7:1")])._scanned(raw) == expected
    assert read(raw, A) == expected


# What 2.1-dev wrote, with a byte from memory as the protocol of a node that announced none.
SAMPLE = (
    '{\n\t"version":"2.1-dev+6cbb2177",\n\t"pid":7,\n\t"cwd":"/srv",\n\t"active_sessions":0,\n\t"fastrouter":[\n'
    '"127.0.93.1:3030",\n"127.0.93.1:2626"\n\t],\n\t"subscriptions":[\n\t\t{\n%s\n\t\t},\n\t\t{\n%s\n\t\t}\n\t],\n\t"cheap":0\n}'
)
OF_KEY = (
    '\t"key":"%s",\n\t"hash":29397,\n\t"hits":0,\n\t"sni_enabled":0,\n\t"algo":"%s",\n\t"nodes":[\n\t{\n\t"name":"127.0.93.1:3031",\n'
    '\t"vassal":"%s",\n\t"modifier1":0,\n\t"modifier2":0,\n\t"last_check":1795622339,\n\t"pid":0,\n\t"uid":0,\n\t"gid":0,\n'
    '\t"requests":0,\n\t"last_requests":0,\n\t"tx":0,\n\t"rx":0,\n\t"cores":1,\n\t"load":0,\n\t"weight":%d,\n\t"backup":%d,\n'
    '\t"proto":"%s",\n\t"wrr":0,\n\t"ref":1,\n\t"failcnt":0,\n\t"death_mark":0\n\t}\n\t]'
)


def test_what_2_1_writes_is_read_by_both_readers() -> None:
    plain, shop = OF_KEY % ("plain.test", "lrc", "", 1, 0, "\x88"), OF_KEY % ("shop.test", "wrr", "shop.ini", 3, 1, "u")
    raw = (SAMPLE % (plain, shop)).encode("latin-1")
    node = Listed("127.0.93.1:3031", 1795622339, in_flight=1)
    expected = [
        ListedPool("plain.test", 0, [node], "lrc"),
        ListedPool("shop.test", 0, [node._replace(weight=3, vassal="shop.ini", protocol="uwsgi", backup=1)], "wrr"),
    ]
    assert stats.parse(raw).pools == expected
    found = Selection([(key, node.address) for key in ("plain.test", "shop.test")])._scanned(raw)
    assert found is not None and found.pools == expected


# Answers in another notation, which are left to the full reader, and what it finds for the same node.
NO_JSON = "its answer is not the JSON of a stats server: "
NO_TABLE = "its answer has no valid table of nodes"
WITH_A = found(ListedPool("a", 4, [FULL]))
LEFT: List[Any] = [
    ("no stats", b"", NO_JSON),
    ("not a router's", b'{"version":"2","workers":[]}', "it is not the stats server of a router"),
    ("no list", table().replace(b"[\n\n]", b"5"), NO_TABLE),
    ("spaces elsewhere", table(pool("a", node())).replace(b":90", b": 90"), WITH_A),
    ("another order", table(pool("a", node().replace('"pid":0,\n"uid":0', '"uid":0,\n"pid":0'))), WITH_A),
    ("an unknown member", table(pool("a", node().replace('"pid"', '"new":[1],"pid"'))), WITH_A),
    ("a member twice", table(pool("a", node().replace('"ref":9', '"ref":1,"ref":9'))), WITH_A),
    ("not a number", table(pool("a", node().replace('"ref":9', '"ref":"9"'))), NO_TABLE),
    ("not a whole number", table(pool("a", node().replace('"ref":9', '"ref":9.0'))), NO_TABLE),
    ("not a finite number", table(pool("a", node().replace('"ref":9', '"ref":NaN'))), NO_JSON),
    ("a number with too many bits", table(pool("a", node().replace('"ref":9', '"ref":18446744073709551616'))), NO_TABLE),
    ("a number with a leading zero", table(pool("a", node().replace('"ref":9', '"ref":09'))), NO_JSON),
    ("other digits", table(pool("a", node())).replace(b'"ref":9', '"ref":\u0669'.encode()), NO_JSON),
    ("another's node without its time", table(pool("b", node().replace('"last_check":90,\n', "")), pool("a", node())), NO_TABLE),
    ("another key's node with text", table(pool("b", node().replace('"ref":9', '"ref":null')), pool("a", node())), NO_TABLE),
    ("a quote in another key", table(pool('b"', node()), pool("a", node())), WITH_A),
    ("a node after a node", table(pool("a", node() + node())), NO_JSON),
    ("no node", table(pool("a")), found(ListedPool("a", 4, []))),
    ("a dangling comma", table(pool("a", node()), ""), WITH_A),
    ("a surrogate", table(pool("b", node()), pool("a", node())).replace(b'"b"', b'"\\ud800"'), WITH_A),
    ("half of it", table(pool("a", node()))[:-40], NO_JSON),
    ("something after it", table(pool("a", node())) + b"x", NO_JSON),
    ("in a value", table(pool("a", node())).replace(b'"/"', b'"/"subscriptions":[],"'), WITH_A),
    ("twice", table(pool("b", node()), more=f'"subscriptions":[{pool("a", node())}]'), WITH_A),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in LEFT], ids=[case[0] for case in LEFT])
def test_what_is_written_otherwise_is_left_to_the_whole_reader(raw: bytes, expected: Any) -> None:
    assert Selection([("a", "10.0.0.7:1")])._scanned(raw) is None
    one = read(raw, A)
    assert one.startswith(expected) if isinstance(expected, str) else one == expected


def test_others_of_the_keys_are_kept_where_they_are_wanted() -> None:
    other = FULL._replace(address="10.0.0.8:1")
    raw = table(pool("a", node(), node("10.0.0.8:1")), pool("b", node()))
    for text in (raw, raw.replace(b":90", b": 90")):
        assert read(text, A, others=True) == found(ListedPool("a", 4, [FULL, other]))
        assert read(text, "a x", "b y", others=True) == found(ListedPool("a", 4, [FULL, other]), ListedPool("b", 4, [FULL]))
        assert read(text) == found()


def expected_of(raw: bytes, others: bool) -> Any:
    """What the full reader finds, limited to the keys "a" and "b" and there to the node 10.0.0.7:1."""

    def work() -> Table:
        whole = stats.parse(raw)
        kept = [one for one in whole.pools if one.key in ("a", "b")]
        nodes = [[listed for listed in one.nodes if others or listed.address in ("", "10.0.0.7:1")] for one in kept]
        return whole._replace(pools=[one._replace(nodes=own) for one, own in zip(kept, nodes)])

    return outcome(work)


PIECES = [b"{", b"}", b"[", b"]", b",", b'"', b":", b"\\", b"0", b"-", b"1.5", b"\xff", b" ", b'"a":', b'"subscriptions":[',
          b'"key":"', b'"hash":', b"\\ud800", b"99999999999999999999", b'"pid":1,', b"null", b'{"key":"a"}']  # fmt: skip
WHOLE = table(pool("a", node(), node("10.0.0.8:1")), pool("c", node()), pool("b", NEWER % ("10.0.0.7:1", "h"), newer=True))


@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), st.sampled_from([b"", *PIECES])), max_size=3),
    st.booleans(),
)
def test_no_change_of_a_table_makes_the_two_readers_disagree(changes: List[Any], others: bool) -> None:
    raw = WHOLE
    for at, size, piece in changes:
        raw = raw[:at] + piece + raw[at + size :]
    assert read(raw, A, "b 10.0.0.7:1", others=others) == expected_of(raw, others)


@given(st.one_of(st.binary(), st.text('{}[]",:ab1\\ \n').map(str.encode)))
def test_any_bytes_are_read_alike(raw: bytes) -> None:
    assert read(raw, A, "b 10.0.0.7:1") == expected_of(raw, False)


def test_a_forged_mark_is_none() -> None:
    mark = f'"subscriptions":[{{"key":"{scanner._NONE}"}}]'
    assert read(table(pool("a", node()), more=mark.replace(scanner._NONE, "0" * 32)), A) == found()


HOSTILE: Dict[str, bytes] = {
    "openings": b'"subscriptions":[' * 200_000,
    "spaces": b'"subscriptions":' + b" " * 3_000_000,
    "spaces and openings": (b'"subscriptions":' + b" " * 1000) * 3000,
    "a long key": table(pool("k" * 3_000_000, node())),
    "a node that never ends": table(pool("a", node()[:-1] + " " * 3_000_000)),
    "spaces between members": table(pool("a", node().replace("\n", " " * 100_000) + "x")),
    "many nodes, the last one broken": table(pool("a", *[node("x")] * 10_000, "x")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_time_grows_with_the_length(name: str) -> None:
    selection = Selection([("a", "10.0.0.7:1")])
    with computed(5):
        assert (selection._scanned(HOSTILE[name]) is None) == (name != "a long key")


def test_only_what_is_asked_for_becomes_records(monkeypatch: pytest.MonkeyPatch) -> None:
    made: List[Optional[str]] = []
    monkeypatch.setattr(scanner, "Listed", lambda **figures: made.append(figures["address"]))
    raw = table(*(pool(f"k{at}", node(f"10.0.0.7:{at}"), node(f"10.0.0.8:{at}")) for at in range(1, 300)))
    Selection([("k7", "10.0.0.7:7"), ("k8", "10.0.0.9:8")]).read(raw)
    assert made == ["10.0.0.7:7"]
