# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of a host's routers that uWSGI silently accepts but that fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.filter import router_flaws
from support import playbook
from support.filters import Filter

FILTER = Filter(router_flaws)


def router(name: str = "web", tolerance: int | None = None, **options: Any) -> dict[str, Any]:
    params = {} if tolerance is None else {"server_params": {"tolerance": tolerance}}
    return {"name": name, "options": {option.replace("_", "-"): value for option, value in options.items()}, **params}


WEB = router(http="0.0.0.0:8080", http_subscription_server="0.0.0.0:2626")
DEAF = router("raw", rawrouter="0.0.0.0:2020", rawrouter_subscription_server="localhost:2636")
FLAWS: list[tuple[Any, dict[str, Any], list[str]]] = [
    ([], {}, []),
    ([WEB], {}, []),
    ((WEB,), {}, []),
    # What isn't a router is ignored here; the check of the vassals refuses it.
    (None, {}, []),
    (["text", None, DEAF], {}, ["raw.options.rawrouter-subscription-server: is neither an IPv4 address"]),
    ([WEB, DEAF], {}, ["raw.options.rawrouter-subscription-server: is neither an IPv4 address"]),
    ([WEB, dict(WEB, name="again")], {},
     ["web.options.http, again.options.http: one address", "web.options.http-subscription-server, "]),
    # Low ports are fine unless ``low_ports`` is false, in any of Ansible's notations.
    ([router(http=":80")], {}, []),
    ([router(http=":80")], {"low_ports": "true"}, []),
    ([router(http=":80")], {"low_ports": False}, ["web.options.http: a port below 1024"]),
    ([router(http=":80")], {"low_ports": "no"}, ["web.options.http: a port below 1024"]),
    # Without an interval the tolerance can't be judged.
    ([router(tolerance=17, http=":8080")], {}, []),
    ([router(tolerance=17, http=":8080")], {"announce_interval": 5}, []),
    ([router(tolerance=17, http=":8080")], {"announce_interval": 6}, ["web.server_params.tolerance: under three announce"]),
    ([router(tolerance=17, http=":8080")], {"announce_interval": "6"}, ["web.server_params.tolerance: under three announce"]),
]  # fmt: skip


@pytest.mark.parametrize(("vassals", "arguments", "expected"), FLAWS)
def test_each_flaw_is_a_sentence_that_begins_with_its_places(
    vassals: Any, arguments: dict[str, Any], expected: list[str]
) -> None:
    found = FILTER(vassals, **arguments)
    assert len(found) == len(expected), found
    assert all(text.startswith(begin) for text, begin in zip(found, expected)), found


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    ({"name": "web"}, {}, "vassals: must be a value or a list of values, not a mapping"),
    ([], {"announce_interval": -1}, "announce_interval: -1 is not between 0 and 2147483647"),
    ([], {"announce_interval": "often"}, "announce_interval: 'often' is not a whole number"),
    ([], {"announce_interval": None}, "announce_interval: None is not a whole number"),
    ([], {"low_ports": "perhaps"}, "low_ports: 'perhaps' is not a boolean"),
    ([], {"low_ports": None}, "low_ports: None is not a boolean"),
]


@pytest.mark.parametrize(("vassals", "arguments", "problem"), REFUSED)
def test_arguments_of_other_types_are_refused(vassals: Any, arguments: dict[str, Any], problem: str) -> None:
    assert FILTER.refusal(vassals, **arguments).startswith(problem)


def test_a_template_gets_the_flaws_or_the_reason(tmp_path: Path) -> None:
    expressions = f"routers | {FILTER.name}(announce_interval=5, low_ports=false) | length", f"routers[0] | {FILTER.name}"
    run = playbook.template(tmp_path, *expressions, routers=[WEB, DEAF])
    assert run.results[0]["msg"] in (1, "1")
    assert f"{FILTER.name}: vassals: must be a value or a list of values" in run.results[1]["msg"]
