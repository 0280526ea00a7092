# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Families of metrics, and their exposition with prometheus_client, which is only imported here and only for the live page."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, NamedTuple, Tuple

GAUGE, COUNTER = "gauge", "counter"
_TOTAL = "_total"

Labels = Dict[str, str]
Sample = Tuple[Labels, float]


class Family(NamedTuple):
    """A metric and its samples, which may be generated on demand. A counter's name ends in ``_total``."""

    name: str
    text: str
    kind: str
    samples: Iterable[Sample]


def exposition(families: Iterable[Family], accept: str) -> Tuple[bytes, str]:
    """The text that Prometheus reads, in its preferred format, and the content type of that format.

    Args:
        accept: the request's Accept header.
    """
    # No other part of the collection needs it, and other hosts don't have it.
    from prometheus_client import CollectorRegistry  # noqa: PLC0415
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415

    registry: Any = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(families))
    encode, content_type = choose_encoder(accept)
    content: bytes = encode(registry)
    return content, str(content_type)


class _Collector:
    """Collects for the registry, one family in memory at a time."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def describe(self) -> Iterator[Any]:
        """Return nothing: the registry is only used once."""
        return iter(())

    def collect(self) -> Iterator[Any]:
        """The families in prometheus_client's types."""
        from prometheus_client import Metric  # noqa: PLC0415
        from prometheus_client.samples import Sample as Exposed  # noqa: PLC0415

        for one in self._families:
            found = Metric(one.name[: -len(_TOTAL)] if one.kind == COUNTER else one.name, one.text, one.kind)
            found.samples = [Exposed(one.name, labels, value) for labels, value in one.samples]
            if found.samples:
                yield found
