# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names are options of uWSGI."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import known
from support.uwsgi import BINARY


@pytest.mark.parametrize(
    "name", ["processes", "subscribe2", "php-docroot", "psgi", "route-host", "http-to", "need-app", "pump", "early-perl"]
)
def test_options_are_known(name: str) -> None:
    assert known.is_option(name)


@pytest.mark.parametrize("name", ["project", "base", "domain", "procceses", "", "Processes", "site.name", "Z"])
def test_other_names_are_not(name: str) -> None:
    assert not known.is_option(name)


def test_all_options_of_this_uwsgi_are_known() -> None:
    said = subprocess.run([BINARY, "--dump-options"], capture_output=True, text=True, timeout=30, check=True).stdout
    assert [name for name in said.split() if not known.is_option(name)] == []


@pytest.mark.parametrize(("name", "is_app"), [("module", True), ("php-app", True), ("psgi", True), ("check-static", False)])
def test_what_names_an_application_is_known(name: str, is_app: bool) -> None:
    assert known.is_app(name) is is_app
