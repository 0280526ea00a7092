# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders pools as one self-contained HTML page.

Keys and addresses come from the network. All text is escaped in one place, when it is inserted. The page's policy only allows
the collection's own script and style. The script gets a large pool as data.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._garbage import uncollected
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import columns, layout, pools, summary

_TEMPLATES = Path(__file__).with_name("templates")


def page(info: Any, title: str) -> str:
    """The page for a result of ``uwsgi_router_info``; the same input produces the same page.

    Raises:
        ArgumentError: for anything else.
    """
    with uncollected():
        picture = pools.picture(info)
        large = summary.is_large(picture)
        style, script = _inline("pool.css", "large.css" if large else ""), _inline("large.js" if large else "pool.js")
        template = _environment().get_template("pool.html.j2")
        return template.render(
            title=str(title),
            picture=picture,
            large=large,
            subscriptions=sum(len(key.nodes) for key in picture.keys),
            nodes=len({node.address for key in picture.keys for node in key.nodes}),
            states={name: meaning.format(picture.max_age) for name, meaning in pools.STATES.items()},
            missing=pools.MISSING,
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
            **(_large(picture) if large else {"drawings": layout.drawings(picture)}),
        )


def _large(picture: pools.Picture) -> dict[str, Any]:
    """What the page of a large pool has in place of drawings."""
    # None of it is markup.
    data = Markup(columns.script_data(picture))
    return {"summary": summary.summary(picture), "places": summary.PLACES, "data": data}


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(str(_TEMPLATES)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Also for the collection's own text, so that no value is forgotten.
        finalize=lambda value: value if isinstance(value, Markup) or not isinstance(value, str) else seen(value),
    )
    environment.filters["grouped"] = grouped
    return environment


def _inline(*names: str) -> Markup:
    return Markup("".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in names if name))


def grouped(number: int) -> str:
    """A number with thin spaces between groups of three digits."""
    return f"{number:,}".replace(",", "\u202f")


def _hash(text: str) -> str:
    """The hash by which a content security policy identifies an inline script or style (CSP Level 3, section 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
