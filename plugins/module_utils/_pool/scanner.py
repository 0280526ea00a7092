# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads only a few nodes from a router's stats. Pure.

A router always sends its whole table, and a drain requests it repeatedly. If the text is exactly as uWSGI writes it
(``corerouter_send_stats``, plugins/corerouter/corerouter.c), it is scanned once, and only the requested nodes become records.
All other text goes to ``stats.parse``. What is read here, ``stats.parse`` would read alike, so the two always agree.
"""

from __future__ import annotations

import os
import re
from typing import Container, Dict, Iterable, List, Match, Optional, Set, Tuple

from .stats import Listed, ListedPool, StatsError, Table, parse, protocol

# Whitespace, a number that fits in 64 bits however it is parsed, and text without escapes and without
# the comma that ``stats.parse`` may treat as a dangling one.
_W = rb"[\t\n\r ]*"
_N = rb"-?(?:0|[1-9][0-9]{0,17})"
_T = rb"[ !#-+\--\[\]-~]*"


def _members(names: str) -> bytes:
    """Number members of an object; those in parentheses are captured, and one after an asterisk may be missing."""
    parts = []
    for name in names.split():
        number = rb"(" + _N + rb")" if "(" in name else _N
        member = rb'"' + name.strip("()*").encode("ascii") + rb'":' + number + rb"," + _W
        parts.append(rb"(?:" + member + rb")?" if name.startswith("*") else member)
    return b"".join(parts)


_BEGIN = re.compile(rb'"subscriptions":' + _W + rb"\[" + _W)
_POOL = re.compile(
    rb"\{" + _W + rb'"key":"(' + _T + rb')",' + _W + _members("hash (hits) *sni_enabled")
    + rb'(?:"algo":"([a-z_]*)",' + _W + rb')?"nodes":\[' + _W
)  # fmt: skip
# With the end of the pool after the last node, and otherwise with the following comma.
_NODE = re.compile(
    rb"\{" + _W + rb'"name":"(' + _T + rb')",' + _W + rb'(?:"vassal":"(' + _T + rb')",' + _W + rb")?"
    + _members("(modifier1) (modifier2) (last_check) pid uid gid (requests) last_requests tx rx cores load (weight) *(backup")
    # A byte that 2.1 doesn't initialise.
    + rb'(?:"proto":"([^"\\])",' + _W + rb")?"
    + _members("wrr (ref) (failcnt)") + rb'"death_mark":(' + _N + rb")" + _W + rb"\}" + _W
    + rb"(?P<ends>\]" + _W + rb"\}" + _W + rb")?(?P<comma>,?)" + _W
)  # fmt: skip
# Replaces the pools while the rest is parsed; random, so that nobody who writes stats can know it.
_NONE = os.urandom(16).hex()


class Selection:
    """Some nodes of any table, and the cleared nodes of their keys, which have no address and may be among them.

    Args:
        pairs: the key and address of each node.
        others: whether to read all nodes of their keys.
    """

    def __init__(self, pairs: Iterable[Tuple[str, str]], others: bool = False) -> None:
        self._nodes: Dict[str, Set[str]] = {}
        for key, node in pairs:
            self._nodes.setdefault(key, set()).add(node)
        self._others = others

    def read(self, raw: bytes) -> Table:
        """Read the JSON of a router's stats server.

        Returns:
            its table with the wanted nodes only; a key that has none of them may be missing.

        Raises:
            StatsError: as in ``stats.parse``.
        """
        return self._scanned(raw) or self._kept(parse(raw))

    def _kept(self, table: Table) -> Table:
        pools = []
        for pool in table.pools:
            wanted = self._nodes.get(pool.key)
            if wanted is not None:
                nodes = [node for node in pool.nodes if self._others or not node.address or node.address in wanted]
                pools.append(pool._replace(nodes=nodes))
        return table._replace(pools=pools)

    def _scanned(self, raw: bytes) -> Optional[Table]:
        """The table if the text is exactly as uWSGI writes it; otherwise None."""
        begin = _BEGIN.search(raw)
        if begin is None:
            return None
        pools: List[ListedPool] = []
        at = begin.end()
        more = raw[at : at + 1] == b"{"
        while more:
            found = _POOL.match(raw, at)
            if found is None:
                return None
            key = found.group(1).decode("ascii")
            wanted = self._nodes.get(key)
            nodes: List[Listed] = []
            end = self._nodes_of(raw, found.end(), wanted, nodes)
            if end is None:
                return None
            at, more = end
            if wanted is not None:
                pools.append(ListedPool(key, int(found.group(2)), nodes, (found.group(3) or b"").decode("ascii")))
        # The rest is short.
        try:
            rest = parse(raw[: begin.end()] + b'{"key":"%s"}' % _NONE.encode("ascii") + raw[at:])
        except StatsError:
            # It reports the position in the whole text.
            return None
        # Otherwise it was within a value, or isn't unique.
        return rest._replace(pools=pools) if rest.pools == [ListedPool(_NONE, 0, [])] else None

    def _nodes_of(
        self, raw: bytes, at: int, wanted: Optional[Container[str]], nodes: List[Listed]
    ) -> Optional[Tuple[int, bool]]:
        """Scan the nodes of a key.

        Args:
            wanted: the wanted addresses; None if the key isn't wanted.
            nodes: the wanted nodes are added to it.

        Returns:
            where the pool ends, and whether another follows; None if it isn't exactly as uWSGI writes it.
        """
        while True:
            found = _NODE.match(raw, at)
            if found is None:
                return None
            at = found.end()
            if wanted is not None:
                address = found.group(1).decode("ascii")
                if self._others or not address or address in wanted:
                    nodes.append(_listed(found))
            ends, comma = found.group("ends", "comma")
            if ends is not None:
                return at, bool(comma)
            if not comma:
                return None


def _listed(found: Match[bytes]) -> Listed:
    vassal, letter = ((one or b"").decode("latin-1") for one in found.group(2, 9))
    figures = (int(one or 0) for one in found.group(3, 4, 5, 6, 7, 8, 10, 11, 12))
    modifier1, modifier2, heard, requests, weight, backup, in_flight, failures, dead = figures
    return Listed(
        address=found.group(1).decode("ascii"),
        last_check=heard,
        weight=weight,
        modifier1=modifier1,
        modifier2=modifier2,
        requests=requests,
        failures=failures,
        in_flight=in_flight,
        dead=dead != 0,
        vassal=vassal,
        protocol=protocol(letter),
        backup=backup,
    )
