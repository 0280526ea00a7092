# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ini files that include others, and how uWSGI reads them: the same cases test the reader and the real uWSGI."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """Some files.

    Attributes:
        texts: the files' ``[uwsgi]`` sections, by path below a folder, without the suffix; ``shop`` is the first one.
        options: its options named ``x`` and ``y``, in order.
    """

    texts: dict[str, str]
    options: list[tuple[str, str]]


CASES = {
    "in its place": Case({"shop": "x = 1\ninclude = b.ini\ny = 3", "b": "x = 2"}, [("x", "1"), ("x", "2"), ("y", "3")]),
    "by the other word": Case({"shop": "x = 1\nini = b.ini\ny = 3", "b": "x = 2"}, [("x", "1"), ("x", "2"), ("y", "3")]),
    "before": Case({"shop": "include = b.ini\nx = 2", "b": "y = 1"}, [("y", "1"), ("x", "2")]),
    "from a folder": Case({"shop": "include = sub/b.ini\nx = 2", "sub/b": "y = 1"}, [("y", "1"), ("x", "2")]),
    "from the first file's folder": Case({"shop": "include = sub/b.ini", "sub/b": "include = c.ini", "c": "x = 1"}, [("x", "1")]),
    "by its path": Case({"shop": "include = %d/b.ini", "b": "x = %n"}, [("x", "b")]),
    "the own name of each": Case({"shop": "include = b.ini\ny = %s", "b": "x = %s"}, [("x", "b.ini"), ("y", "shop.ini")]),
    "twice": Case({"shop": "include = b.ini\ninclude = b.ini", "b": "x = 1"}, [("x", "1"), ("x", "1")]),
    "a section": Case({"shop": "ini = b.ini:web", "b": "x = 1\n[web]\nx = 2"}, [("x", "2")]),
    "the usual section": Case({"shop": "ini = b.ini:", "b": "x = 1\n[web]\nx = 2"}, [("x", "1")]),
    "the usual section from another": Case(
        {"shop": "ini = b.ini:web", "b": "[web]\ninclude = c.ini", "c": "x = 1\n[web]\nx = 2"}, [("x", "1")]
    ),
    "a section of its own": Case({"shop": "ini = :web\n[web]\nx = %n"}, [("x", "shop")]),
    "a section of the last file": Case(
        {"shop": "include = b.ini\nini = :web\n[web]\nx = 1", "b": "[web]\nx = %n"}, [("x", "b")]
    ),
    "nothing from a foreign section": Case({"shop": "x = 1\n[web]\ninclude = none.ini"}, [("x", "1")]),
    "placeholders of all": Case(
        {"shop": "x = %(p)\ninclude = b.ini\nset-ph = q=2", "b": "set-ph = p=1\ny = %(q)"}, [("x", "1"), ("y", "2")]
    ),
    "the first of a name": Case({"shop": "include = b.ini\nset-ph = p=2\nx = %(p)", "b": "set-ph = p=1"}, [("x", "1")]),
    "by what is set": Case({"shop": "set = include=b.ini\nx = 2", "b": "y = 1"}, [("y", "1"), ("x", "2")]),
    "a template comes last": Case(
        {"shop": "inherit = b.ini\nx = 1\ninclude = c.ini", "b": "x = 3", "c": "y = 2"}, [("x", "1"), ("y", "2"), ("x", "3")]
    ),
    "a template is taken as it is": Case({"shop": "inherit = b.ini\nset-ph = p=1", "b": "x = %(p)$(A)"}, [("x", "%(p)$(A)")]),
    "templates of a template": Case(
        {"shop": "inherit = b.ini", "b": "inherit = c.ini\ninclude = d.ini", "c": "x = 2", "d": "y = 1"}, [("y", "1"), ("x", "2")]
    ),
}
