# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of certificates and keys that a host's routers read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import router_certificates
from support import playbook
from support.filters import Filter

FILTER = Filter(router_certificates)
PLAIN = {"name": "plain", "options": {"http": ":80"}}
HTTPS = {"name": "https", "options": {"https": ":443,/r.crt,/r.key", "http-subscription-server": ":2636"}}
SNI = {"server": "10.0.0.2:2636", "key": "a.test", "sni_cert": "/a.crt", "sni_key": "/a.key"}


class Unread(dict):  # type: ignore[type-arg]
    """A vassal that fails the test when it is read: there may be thousands, and nobody needs this one."""

    def get(self, *dummy: Any) -> Any:
        raise AssertionError("read")


OWN, ALL = ["/r.crt", "/r.key"], ["/a.crt", "/a.key", "/r.crt", "/r.key"]
FILES: list[tuple[Any, Any, list[str]]] = [
    ([], [], []),
    (None, None, []),
    (["text", None], [], []),
    ([PLAIN], [Unread()], []),
    ([HTTPS], [], OWN),
    ((HTTPS, PLAIN), (), OWN),
    ([HTTPS], [{"name": "shop", "subscriptions": [SNI, SNI]}], ALL),
    ([HTTPS], [{"name": "shop", "subscriptions": [{**SNI, "server": "10.0.0.2:2626"}]}], OWN),
    # What isn't a vassal or a list of subscriptions is ignored here; the check of the vassals refuses it.
    ([HTTPS], [None, "a", {}, {"subscriptions": None}, {"subscriptions": SNI}, {"subscriptions": ["a"]}], OWN),
]


@pytest.mark.parametrize(("routers", "vassals", "expected"), FILES)
def test_each_file_is_there_once(routers: Any, vassals: Any, expected: list[str]) -> None:
    assert FILTER(routers, vassals) == FILTER(routers, vassals=vassals) == expected


REFUSED: list[tuple[Any, Any, str]] = [
    (HTTPS, [], "routers: must be a value or a list of values, not a mapping"),
    ([HTTPS], {"name": "shop"}, "vassals: must be a value or a list of values, not a mapping"),
]


@pytest.mark.parametrize(("routers", "vassals", "problem"), REFUSED)
def test_arguments_of_other_types_are_refused(routers: Any, vassals: Any, problem: str) -> None:
    assert FILTER.refusal(routers, vassals).startswith(problem)


def test_a_template_gets_the_files_or_the_reason(tmp_path: Path) -> None:
    expressions = f"routers | {FILTER.name}(nodes)", f"routers | {FILTER.name}", f"routers[0] | {FILTER.name}"
    run = playbook.template(tmp_path, *expressions, routers=[HTTPS], nodes=[{"name": "shop", "subscriptions": [SNI]}])
    assert [result["msg"] for result in run.results[:2]] == [ALL, OWN]
    assert f"{FILTER.name}: routers: must be a value or a list of values" in run.results[2]["msg"]
