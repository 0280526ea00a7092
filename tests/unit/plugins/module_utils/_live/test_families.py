# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Families of metrics in both of Prometheus' formats."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._live.families import COUNTER, GAUGE, Family, exposition

pytest.importorskip("prometheus_client")

FAMILIES = [
    Family("a_ratio", "A ratio.", GAUGE, [({"key": 'quote " and \\ and\nbreak'}, 0.5)]),
    Family("b_total", "A counter.", COUNTER, ((labels, 2.0) for labels in [{"x": "1"}])),
    Family("c", "Nothing.", GAUGE, []),
]


@pytest.mark.parametrize(
    ("accept", "kind", "counter", "end"),
    [("text/plain", "text/plain", "b_total", ""), ("", "text/plain", "b_total", ""),
     ("application/openmetrics-text", "application/openmetrics-text", "b", "# EOF\n")],
)  # fmt: skip
def test_both_formats_have_every_sample(accept: str, kind: str, counter: str, end: str) -> None:
    families = [one._replace(samples=list(one.samples)) for one in FAMILIES]
    FAMILIES[1] = families[1]
    content, content_type = exposition(families, accept)
    assert content_type.startswith(kind)
    assert content.decode() == (
        '# HELP a_ratio A ratio.\n# TYPE a_ratio gauge\na_ratio{key="quote \\" and \\\\ and\\nbreak"} 0.5\n'
        f'# HELP {counter} A counter.\n# TYPE {counter} counter\nb_total{{x="1"}} 2.0\n' + end
    )
