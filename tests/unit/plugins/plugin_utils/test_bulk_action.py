# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which parts of a long argument reach the template engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _bulk_action


class Secret:
    """A value that isn't JSON, such as one that is still encrypted."""


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("plain", []),
        ({"a": [1, None, "b"]}, []),
        ("{{ a }}", ["{{ a }}"]),
        ({"a": {"b": "{{ c }}", "d": "e"}, "f": ["g"]}, ["{{ c }}"]),
        (["a", {"b": Secret}], [{"b": Secret}]),
    ],
)
def test_the_engine_gets_no_more_than_it_must(value: Any, asked: list[Any]) -> None:
    seen = []

    def template(one: Any) -> Any:
        seen.append(one)
        return one

    assert _bulk_action.resolve(value, template) == value
    assert seen == asked


def test_a_template_that_fails_alone_is_resolved_with_what_is_around_it() -> None:
    def template(one: Any) -> Any:
        if one == "{{ omit }}":
            raise ValueError(one)
        return {name: value for name, value in one.items() if value != "{{ omit }}"}

    value = [{"a": {"b": "{{ omit }}", "c": "d"}, "e": "f"}]
    assert _bulk_action.resolve(value, template) == [{"a": {"c": "d"}, "e": "f"}]
    assert json.dumps(value) == '[{"a": {"b": "{{ omit }}", "c": "d"}, "e": "f"}]'
