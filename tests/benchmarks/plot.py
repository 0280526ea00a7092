# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draw seconds as bars on a logarithmic scale, in an SVG that is readable on light and dark pages. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

_WIDTH, _LABEL, _RIGHT = 760, 250, 90
_ROW, _BAR, _HEADING, _TOP, _BOTTOM = 26, 16, 34, 8, 30
_STYLE = """\
text{font:13px system-ui,sans-serif;fill:#1f2328}
.heading{font-weight:600}.tick{font-size:11px;fill:#59636e}
.grid{stroke:#d1d9e0;stroke-width:1}
.ours{fill:#1a7f37}.peer{fill:#8c959f}.guess{fill:none;stroke:#8c959f;stroke-width:1.5;stroke-dasharray:4 3}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.tick{fill:#9198a1}.grid{stroke:#3d444d}
.ours{fill:#3fb950}.peer{fill:#656c76}.guess{stroke:#9198a1}}"""


class Bar(NamedTuple):
    """A bar.

    Attributes:
        kind: ``ours``, ``peer``, or ``guess`` for an extrapolated time.
    """

    label: str
    seconds: float
    kind: str


class Group(NamedTuple):
    """Bars under a heading."""

    heading: str
    bars: Sequence[Bar]


def svg(groups: Sequence[Group], title: str) -> str:
    """Draw groups of bars, from the power of ten below the shortest to the one above the longest.

    Args:
        title: a description of the plot for readers who can't see it.
    """
    seconds = [one.seconds for group in groups for one in group.bars]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    scale = (_WIDTH - _LABEL - _RIGHT) / max(high - low, 1)
    height = _TOP + sum(_HEADING + _ROW * len(group.bars) for group in groups) + _BOTTOM
    parts = []
    for power in range(low, high + 1):
        x = _LABEL + (power - low) * scale
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{height - _BOTTOM}"/>')
        parts.append(_text(x, height - 10, f"{10.0**power:,g} s", "tick", "middle"))
    y = _TOP
    for group in groups:
        parts.append(_text(0, y + 22, group.heading, "heading"))
        y += _HEADING
        for one in group.bars:
            width = (math.log10(one.seconds) - low) * scale
            parts.append(_text(_LABEL - 8, y + 13, one.label, "", "end"))
            parts.append(
                f'<rect class="{one.kind}" x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2"/>'
            )
            parts.append(_text(_LABEL + width + 6, y + 13, spoken(one.seconds)))
            y += _ROW
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    about = [f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>"]
    return "\n".join([head, *about, *parts, "</svg>", ""])


def spoken(seconds: float) -> str:
    """A time with two significant digits."""
    if seconds >= 99.5:
        return f"{seconds / 60:.0f} min" if seconds >= 570 else f"{seconds / 60:.1f} min"
    if seconds < 0.0995:
        return f"{seconds * 1000:.2g} ms"
    return f"{seconds:.2g} s"


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" class="{style}" text-anchor="{anchor}">{escape(text)}</text>'
