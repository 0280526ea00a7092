# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""The router plugin of each vassal."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.emperor.uwsgi.plugins.filter.router_plugins import FilterModule

router_plugins = FilterModule().filters()["router_plugins"]
OPTIONS: list[tuple[Any, str]] = [
    ({"fastrouter": "0.0.0.0:3030"}, "fastrouter"),
    ({"master": True, "http": ":80", "http-to": "127.0.0.1:3030"}, "http"),
    ({"https": ":443,/c,/k"}, "http"),
    ({"https2": "addr=:443"}, "http"),
    ({"http-to-https": ":80"}, "http"),
    ({"rawrouter": ":25"}, "rawrouter"),
    ({"sslrouter": ":443,/c,/k"}, "sslrouter"),
    ({"sslrouter2": "addr=:443"}, "sslrouter"),
    ({"http-socket": ":80", "fastrouter-stats": ":1"}, ""),
    ({}, ""),
    (None, ""),
    ("fastrouter", ""),
]


@pytest.mark.parametrize(("options", "plugin"), OPTIONS)
def test_the_plugin_is_that_of_the_option_that_makes_it_a_router(options: Any, plugin: str) -> None:
    assert router_plugins([{"name": "a", "options": options}]) == [plugin]


def test_each_has_its_own() -> None:
    assert router_plugins([]) == []
    assert router_plugins([{"name": "a"}, {"options": {"rawrouter": ":1"}}, "no vassal"]) == ["", "rawrouter", ""]


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"emperor\.uwsgi\.router_plugins: vassals: must be a value or a list"):
        router_plugins({"name": "a"})
