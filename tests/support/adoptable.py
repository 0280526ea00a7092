# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of a host as ``uwsgi_config_info`` returns them, for the tests of what becomes of them."""

from __future__ import annotations

from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import document, variables
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.document import Note, Rows

PATH = "/etc/uwsgi/vassals/shop.ini"
S = "10.0.0.2:2626"


def file(lines: str, path: str = PATH, **more: Any) -> dict[str, Any]:
    """A file with some lines in its section, or with a text of its own."""
    text = lines if lines.startswith(("[", "{", "<", "uwsgi:")) else "[uwsgi]\n" + lines + "\n"
    rest = {"error": "", "owner": "root", "group": "root", "others": {}, "missing": {}}
    return {"path": path, "text": text, **rest, **more}


def vassal(name: str, *lines: str, **more: Any) -> dict[str, Any]:
    """A vassal of a name."""
    return file("\n".join(lines), f"/etc/uwsgi/vassals/{name}.ini", **more)


def plain(rows: Rows) -> dict[str, Any]:
    """The values of rows, without what is said of them."""
    return {row[0]: plain(row[1]) if isinstance(row[1], Rows) else row[1] for row in rows if not isinstance(row, Note)}


def notes(rows: Rows) -> list[str]:
    """What is said in rows."""
    return [str(row) for row in rows if isinstance(row, Note)]


def shown(found: list[variables.Variable]) -> str:
    """Variables as they are written, without the head."""
    return document.text([], variables.rows(found)).partition("---\n")[2]
