# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Raw options: refused if there is an argument for them, or if a file can't hold them."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.options import content, named, option_lines
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError


def refusal(path: str, given: Any) -> Tuple[str, str]:
    with pytest.raises(ArgumentError) as caught:
        option_lines(path, given)
    return caught.value.path, caught.value.problem


SERVER = "server_verification_params."
ARGUMENTS: Dict[str, str] = {
    "subscribe2": "subscriptions",
    "subscribe-to": "subscriptions",
    "subscribe": "subscriptions",
    "st": "subscriptions",
    "weight": "subscriptions[].balancing_weight",
    "auto-weight": "subscriptions[].balancing_weight",
    "subscribe-with-modifier1": "subscriptions[].modifier",
    "subscription-notify-socket": "server_params.client_notify_address",
    "subscription-mountpoint": "server_params.mountpoints_depth",
    "subscription-mountpoints": "server_params.mountpoints_depth",
    "subscription-vassal-required": "server_params.require_vassal",
    "subscription-tolerance": "server_params.tolerance",
    "subscription-tolerance-inactive": "server_params.tolerance_inactive",
    "subscription-dotsplit": "server_params.key_dot_split",
    "subscription-algo": "server_params.balancing_algo",
    "subscriptions-sign-check": SERVER + "digest_algo and " + SERVER + "dir_cert",
    "subscriptions-sign-check-tolerance": SERVER + "tolerance",
    "subscriptions-sign-skip-uid": SERVER + "no_check_uid",
    "subscriptions-credentials-check": SERVER + "dir_credentials",
    "subscriptions-use-credentials": SERVER + "pass_unix_credentials",
    "start-unsubscribed": "client_params.start_unsubscribed",
    "subscription-clear-on-shutdown": "client_params.clear_on_exit",
    "unsubscribe-on-graceful-reload": "client_params.unsubscribe_on_reload",
    "subscribe-freq": "client_params.announce_interval",
}


def test_every_option_that_an_argument_writes_is_known() -> None:
    assert table.ARGUMENTS == ARGUMENTS


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS.items())
@pytest.mark.parametrize("value", ["1", True, {"literal": "1"}])
def test_what_an_argument_says_is_refused(name: str, argument: str, value: Any) -> None:
    problem = "is not checked among the options; use "
    assert refusal("vassals[0].options", {"a": 1, name: value}) == ("vassals[0].options." + name, problem + argument)
    default = argument.replace("client_params", "default_client_params")
    assert refusal("default_options", {name: [value, 2]}) == (f"default_options.{name}[0]", problem + default)
    # These write nothing.
    assert option_lines("options", {name: None}) == {name: []}
    assert option_lines("options", {name: []}) == {name: []}


BROUGHT: List[Tuple[str, Any, str]] = [
    ("set", "subscribe-freq=0", "subscribe-freq"),
    ("set", {"literal": "st=a"}, "st"),
    ("vassal-set", "subscribe=a", "subscribe"),
    ("vassals-set", "subscribe2=server=a,key=b", "subscribe2"),
    ("declare-option", "announce=socket=:1;subscribe2=server=a,key=$1", "subscribe2"),
    ("declare-option2", "announce=weight=$1", "weight"),
]


@pytest.mark.parametrize(("name", "value", "other"), BROUGHT)
def test_nor_does_it_come_by_another_option(name: str, value: Any, other: str) -> None:
    expected = f"sets {other}, which is not checked among the options; use {ARGUMENTS[other]}"
    assert refusal("options", {name: value}) == ("options." + name, expected)


FINE: List[Tuple[str, Any]] = [
    ("set", "harakiri=subscribe-freq"),
    ("set-ph", "weight=1"),
    ("env", "subscribe-freq=1"),
    ("declare-option", "subscribe2=socket=$1;harakiri=weight"),
    # uWSGI compares option names exactly, so these are other options.
    ("subscribe_freq", 1),
    ("Subscribe-Freq", 1),
    ("fastrouter-subscription-server", "127.0.0.1:1"),
    ("notify-socket", "/a"),
]


@pytest.mark.parametrize(("name", "value"), FINE)
def test_what_only_looks_alike_is_fine(name: str, value: Any) -> None:
    assert [line.value for line in option_lines("options", {name: value})[name]] == [str(value)]


# A line, and the options that uWSGI reads from it.
NAMED: List[Tuple[str, str, Tuple[str, ...]]] = [
    ("env", "a=weight=1;st=b", ("env",)),
    ("set", "weight=1;st=b", ("set", "weight")),
    ("declare-option", "a=weight=1;st=b", ("declare-option", "weight", "st")),
]


@pytest.mark.parametrize(("name", "value", "options"), NAMED)
def test_a_line_has_its_own_option_and_those_that_it_names(name: str, value: str, options: Tuple[str, ...]) -> None:
    assert named(name, value) == options


SWALLOWS = (
    "ends in '%', which would make the next line a part of this value; give {literal: ...} to have uWSGI read the text as it is, "
    "or write '%%'"
)


@pytest.mark.parametrize("value", ["%", "A=abc%", "%%%", "%d%", "%n%"])
def test_a_value_that_would_swallow_the_next_line_is_refused(value: str) -> None:
    assert refusal("options", {"env": ["A=1", value]}) == ("options.env[1]", SWALLOWS)
    assert option_lines("options", {"env": {"literal": value}})["env"][0][1:] == (value, True)


@pytest.mark.parametrize("value", ["%%", "a%%%%", "%n", "%%%n", "100% ", "%(a)"])
def test_a_value_that_ends_with_its_line_is_fine(value: str) -> None:
    assert option_lines("options", {"env": value})["env"][0][1:] == (value, False)


LITERAL: List[Tuple[str, Any, str]] = [
    ("env", "a\nb", "has a line break, which would start another option; give a value without it"),
    ("env", "a\0b", "has a NUL character, where uWSGI cuts the value; give a value without it"),
    ("env", "a%(b)", "has '%(' and a ')' behind it, which uWSGI expands as a placeholder and which no escape protects; give a "
     "value without it"),
    ("plugins", " a", "has a blank at an end, which uWSGI cuts off in the option plugins; give a value without it"),
    ("env", None, "must be text"),
    ("env", True, "must be text"),
    ("env", ["a"], "must be text"),
    ("env", float("inf"), "is not a finite number of 64 bits; give one, or text"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "problem"), LITERAL)
def test_literal_values_that_no_file_carries_are_refused(name: str, value: Any, problem: str) -> None:
    assert refusal("options", {name: [{"literal": value}]}) == (f"options.{name}[0].literal", problem)


def test_the_content_of_a_value() -> None:
    assert [content(value) for value in ({"literal": "a"}, "b", 5, None, {"a": 1}, {"literal": 1, "b": 2})] == [
        "a", "b", 5, None, {"a": 1}, {"literal": 1, "b": 2},
    ]  # fmt: skip


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 16**5000, 2**64], ids=range(4))
def test_an_option_has_no_number_that_uwsgi_does_not_have(value: Any) -> None:
    assert refusal("options", {"harakiri": value}) == ("options.harakiri", "is not a finite number of 64 bits; give one, or text")
