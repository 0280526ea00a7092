# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""The options of one file, for the tests of each format."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import formats

PATH = "/etc/uwsgi/vassals/shop.web.ini"
Options = list[tuple[str, str]]
# A format, a text and the options of the section uwsgi, in all builds of uWSGI.
Cases = list[tuple[str, str, Options]]
X, XY = [("x", "1")], [("x", "1"), ("y", "2")]


def read(form: str, text: str, section: str = "uwsgi") -> formats.File:
    """The options read from a text."""
    return formats.read("text", form, text, PATH, section, {})


def options(form: str, text: str, section: str = "uwsgi") -> Options:
    """The known options of a section."""
    return [(line.name, line.value) for line in read(form, text, section).sections.get(section, []) if not line.flaw]
