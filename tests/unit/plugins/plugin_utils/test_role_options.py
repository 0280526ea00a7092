# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role's own options with the user's: which are added, which are replaced, and which are refused with the variable to use."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _role_options
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._role_options import RULES, together
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles import emperor, fastrouter
from support import records
from support.modules import ROOT


class _OmitType:
    """As in ansible-core 2.19."""


OMIT = "__omit_place_holder__0123"
EMPEROR = "emperor_options"
OWN: dict[str, Any] = {"emperor": ["/a/*.ini", "/b/*.ini"], "emperor-stats": "/s", "max-fd": 9, "uid": OMIT, "umask": OMIT}
DEFAULTS = {"strict": True, "need-plugins": "python3", "harakiri": 60, "vacuum": True}
FAST = {"fastrouter": "127.0.0.1:1", "fastrouter-stats": "127.0.0.1:2", "need-plugins": OMIT}
HTTPS = {"https": ":1,/c,/k", "http-to": "127.0.0.1:1", "http-timeout": 70}

# The variable, the role's options, the user's, and the result.
TAKEN: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (EMPEROR, OWN, {}, OWN),
    (EMPEROR, OWN, {"emperor": "/c"}, {**OWN, "emperor": ["/a/*.ini", "/b/*.ini", "/c"]}),
    (EMPEROR, OWN, {"emperor": ["/c", "/b/*.ini", {"literal": "/d"}]},
     {**OWN, "emperor": ["/a/*.ini", "/b/*.ini", "/c", {"literal": "/d"}]}),
    (EMPEROR, {"emperor": "/a"}, {"emperor": ("/c",)}, {"emperor": ["/a", "/c"]}),
    # The role has no value, so there is nothing to add to.
    (EMPEROR, {"emperor": OMIT}, {"emperor": "/c"}, {"emperor": "/c"}),
    # An equal value is not another one.
    (EMPEROR, OWN, {"max-fd": "9", "emperor-stats": {"literal": "/s"}},
     {**OWN, "max-fd": "9", "emperor-stats": {"literal": "/s"}}),
    (EMPEROR, {"strict": True}, {"strict": "true"}, {"strict": "true"}),
    (EMPEROR, OWN, {"uid": None, "immediate-uid": None}, {**OWN, "uid": None, "immediate-uid": None}),
    (EMPEROR, OWN, {"emperor-on-demand-extension": ".socket"}, {**OWN, "emperor-on-demand-extension": ".socket"}),
    (EMPEROR, OWN, {"emperor-freq": 1, "umask": "027", "emperor-wrapper": "/w"},
     {**OWN, "emperor-freq": 1, "umask": "027", "emperor-wrapper": "/w"}),
    (EMPEROR, {"emperor-graceful-shutdown": True}, {"emperor-graceful-shutdown": None}, {"emperor-graceful-shutdown": None}),
    (EMPEROR, OWN, {"uid": OMIT, "max-fd": OMIT, "emperor": OMIT}, OWN),
    (EMPEROR, {"uid": _OmitType(), "max-fd": 9}, {"max-fd": _OmitType()}, {"max-fd": 9}),
    (EMPEROR, OWN, {"set": "emperor-freq=1"}, {**OWN, "set": "emperor-freq=1"}),
    ("emperor_default_options", DEFAULTS, {"vacuum": None, "strict": False, "x": 1},
     {**DEFAULTS, "vacuum": None, "strict": False, "x": 1}),
    ("emperor_default_options", {"need-plugins": OMIT}, {"need-plugins": "php"}, {"need-plugins": "php"}),
    ("emperor_default_options", DEFAULTS, {"need-plugins": ["python3"]}, {**DEFAULTS, "need-plugins": ["python3"]}),
    ("fastrouter_options", FAST, {"fastrouter": ["/s", "127.0.0.1:1"], "need-plugins": "a"},
     {**FAST, "fastrouter": ["/s", "127.0.0.1:1"], "need-plugins": "a"}),
    ("fastrouter_options", FAST, {"fastrouter": "127.0.0.1:1"}, FAST),
    ("fastrouter_http_options", {"http": ":1"}, {"httprouter": ":2", "http-timeout": 9},
     {"http": ":1", "httprouter": ":2", "http-timeout": 9}),
    ("fastrouter_https_options", HTTPS, {"http-to-https": ":2", "http-timeout": None},
     {**HTTPS, "http-to-https": ":2", "http-timeout": None}),
    # What doesn't fit into an ini file is left to the check of the vassals' arguments.
    (EMPEROR, {}, {8000: 1, "a b": {}}, {8000: 1, "a b": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("variable", "own", "given", "expected"), TAKEN)
def test_what_the_user_may_say_is_there(variable: str, own: Any, given: Any, expected: Any) -> None:
    before = dict(own)
    # Omitted options are missing; Jinja leaves that to its filters.
    expected = {name: value for name, value in expected.items() if value is not OMIT}
    assert together(own, given, variable) == (expected, [])
    assert own == before


UNCHECKED = "is not checked among the options; use "
REFUSED: list[tuple[str, dict[str, Any], str, Any, str]] = [
    (EMPEROR, OWN, "emperor", None, "is where the vassals of the roles are, and without it none of them runs; leave it out"),
    (EMPEROR, OWN, "emperor", [], "is where the vassals of the roles are, and without it none of them runs; leave it out"),
    (EMPEROR, {"strict": True}, "strict", False, "is what makes uWSGI report a misspelled option; leave it out"),
    (EMPEROR, {"strict": True}, "strict", None, "is what makes uWSGI report a misspelled option; leave it out"),
    (EMPEROR, OWN, "emperor-stats-server", "/t",
     "is where the roles and playbooks ask the Emperor; leave it out, and set emperor_run_dir to move it"),
    (EMPEROR, OWN, "emperor-tyrant", True, "is set by emperor_tyrant; use that variable instead"),
    (EMPEROR, OWN, "emperor-tyrant-nofollow", True, "is set by emperor_tyrant; use that variable instead"),
    (EMPEROR, {"emperor-wrapper": "/w"}, "emperor-wrapper", "/x",
     "is used by emperor_log_by_vassal; set that to false to use another"),
    (EMPEROR, {"umask": "022"}, "umask", "000",
     "keeps others from writing the daemon's pid file; leave it out, and for vassals set umask in emperor_default_options"),
    (EMPEROR, OWN, "uid", "www", "is set by emperor_user; use that variable instead"),
    (EMPEROR, OWN, "emperor-tyrant-nofollow", False, "is set by emperor_tyrant; use that variable instead"),
    (EMPEROR, OWN, "uid", "Z", "is set by emperor_user; use that variable instead"),
    (EMPEROR, OWN, "immediate-uid", "www", "is set by emperor_user; use that variable instead"),
    (EMPEROR, OWN, "immediate-gid", 5, "is set by emperor_group; use that variable instead"),
    (EMPEROR, OWN, "max-fd", 10, "is set by emperor_max_fd; use that variable instead"),
    (EMPEROR, OWN, "max-fd", [9, 10], "is set by emperor_max_fd; use that variable instead"),
    (EMPEROR, OWN, "emperor-max-throttle", 1, "is set by emperor_max_throttle; use that variable instead"),
    (EMPEROR, OWN, "daemonize", "/l", "is set by emperor_supervisor; use that variable instead"),
    (EMPEROR, OWN, "daemonize2", "/l", "is set by emperor_supervisor; use that variable instead"),
    (EMPEROR, OWN, "daemonize", "", "is set by emperor_supervisor; use that variable instead"),
    (EMPEROR, OWN, "emperor-on-demand-ext", ".sock",
     "is the ending of the files that the role writes for vassals with on_demand; leave it out"),
    (EMPEROR, OWN, "set", "uid=0", "sets uid, which is set by emperor_user; use that variable instead"),
    (EMPEROR, OWN, "vassals-set", ["a=1", {"literal": "st=b"}],
     "sets st, which " + UNCHECKED + "subscriptions of one of the emperor_vassals or fastrouter_vassals"),
    ("emperor_default_options", DEFAULTS, "need-plugins", "php", "is set by emperor_plugins; use that variable instead"),
    ("emperor_default_options", DEFAULTS, "harakiri", None, "is set by emperor_harakiri; use that variable instead"),
    ("emperor_default_options", DEFAULTS, "worker-reload-mercy", 1,
     "is set by emperor_worker_reload_mercy; use that variable instead"),
    ("emperor_default_options", DEFAULTS, "buffer-size", 1, "is set by emperor_buffer_size; use that variable instead"),
    ("emperor_default_options", DEFAULTS, "subscribe-freq", 1, UNCHECKED + "emperor_announce_interval"),
    ("emperor_default_options", DEFAULTS, "unsubscribe-on-graceful-reload", True, UNCHECKED + "emperor_unsubscribe_on_reload"),
    ("emperor_default_options", DEFAULTS, "subscribe2", "a", UNCHECKED + "subscriptions of the emperor_vassals"),
    ("fastrouter_options", FAST, "fastrouter", ":2",
     "is set by fastrouter_listen; use that variable instead, or list its value here too"),
    ("fastrouter_options", FAST, "fastrouter", None,
     "is set by fastrouter_listen; use that variable instead, or list its value here too"),
    ("fastrouter_options", {"fastrouter-subscription-server": ":1"}, "fastrouter-subscription-server", ":2",
     "is set by fastrouter_subscription_server; use that variable instead, or list its value here too"),
    ("fastrouter_options", FAST, "fastrouter-ss", ":2", "is set by fastrouter_stats; use that variable instead"),
    ("fastrouter_options", FAST, "fastrouter-workers", 2, "is set by fastrouter_processes; use that variable instead"),
    ("fastrouter_options", FAST, "fastrouter-timeout", 2, "is set by fastrouter_timeout; use that variable instead"),
    ("fastrouter_options", FAST, "subscription-tolerance", 2, UNCHECKED + "fastrouter_tolerance"),
    ("fastrouter_options", FAST, "subscription-algo", "lrc", UNCHECKED + "fastrouter_balancing_algo"),
    ("fastrouter_options", FAST, "subscription-dotsplit", True, UNCHECKED + "fastrouter_server_params.key_dot_split"),
    ("fastrouter_options", FAST, "subscriptions-sign-check-tolerance", 1, UNCHECKED + "fastrouter_signing_tolerance"),
    ("fastrouter_options", FAST, "subscriptions-sign-check", "A:/b", UNCHECKED + "fastrouter_server_verification_params"
     ".digest_algo and fastrouter_server_verification_params.dir_cert"),
    ("fastrouter_options", FAST, "subscribe-to", "a", UNCHECKED + "subscriptions of a router in fastrouter_vassals"),
    ("fastrouter_http_options", {"http": ":1"}, "http", ":2",
     "is set by fastrouter_http; use that variable instead, or list its value here too"),
    ("fastrouter_http_options", {}, "http-stats", ":2", "is set by fastrouter_http_stats; use that variable instead"),
    ("fastrouter_http_options", {}, "http-ss", ":2", "is set by fastrouter_http_stats; use that variable instead"),
    ("fastrouter_https_options", HTTPS, "https", ":2",
     "is set by fastrouter_https, fastrouter_https_certificate and fastrouter_https_key; use that variable instead, or list its "
     "value here too"),
    ("fastrouter_https_options", HTTPS, "http-to", None,
     "is set by fastrouter_listen; use that variable instead, or list its value here too"),
    ("fastrouter_https_options", HTTPS, "http-ss", ":2", "is set by fastrouter_https_stats; use that variable instead"),
    ("fastrouter_https_options", HTTPS, "http-subscription-server", ":2",
     "is set by fastrouter_https_subscription_server; use that variable instead"),
    ("fastrouter_https_options", HTTPS, "subscription-dotsplit", True,
     UNCHECKED + "server_params.key_dot_split of a router in fastrouter_vassals"),
]  # fmt: skip


@pytest.mark.parametrize(("variable", "own", "name", "value", "advice"), REFUSED)
def test_what_the_role_lives_by_is_refused(variable: str, own: Any, name: str, value: Any, advice: str) -> None:
    found = together(own, {"a": 1, name: value, "b": 2}, variable)
    assert found == ({**{one: own[one] for one in own if own[one] is not OMIT}, "a": 1, "b": 2}, [f"{variable}.{name}: {advice}"])


def test_arguments_of_other_types_are_refused() -> None:
    fronts = "fastrouter_http_options, fastrouter_https_options"
    known = f"known are emperor_options, emperor_default_options, fastrouter_options, {fronts}"
    cases: list[tuple[Any, Any, Any, str]] = [
        ({}, {}, "emperor_vassals", f"variable: 'emperor_vassals' is not a variable with options; {known}"),
        ({}, {}, [], f"variable: [] is not a variable with options; {known}"),
        ([], {}, EMPEROR, "own: must be a mapping of uWSGI's options to values"),
        ({}, None, EMPEROR, "emperor_options: must be a mapping of uWSGI's options to values"),
    ]
    for own, given, variable, problem in cases:
        with pytest.raises(ArgumentError) as caught:
            together(own, given, variable)
        assert str(caught.value) == problem


def variables(role: str) -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_every_option_of_the_roles_is_in_the_table() -> None:
    hosts = [records.EMPEROR._replace(tyrant=tyrant, supervisor=by) for tyrant in (True, False) for by in ("systemd", "daemon")]
    options = [name for host in hosts for name in emperor.emperor_options(host, on_demand=True).options]
    assert {"emperor-tyrant", "emperor-wrapper", "umask", "uid", "emperor-on-demand-extension"} <= set(options)
    fronts = {"http": "10.0.0.1:80", "https": "10.0.0.1:443"}
    found = [
        fastrouter.routers(records.FASTROUTER._replace(https_subscription_server=server, **fronts), records.EMPEROR).vassals
        for server in ("", "10.0.0.1:2627")
    ]
    routers = [vassal for one in found for vassal in one]
    both = {
        front: [option for vassal in routers if vassal["name"] == front for option in vassal["options"]]
        for front in ("fastrouter", "http", "https")
    }
    own = {
        EMPEROR: options,
        "emperor_default_options": [*emperor.default_options(records.EMPEROR)],
        **{"fastrouter_options" if name == "fastrouter" else f"fastrouter_{name}_options": one for name, one in both.items()},
    }
    assert list(own) == list(RULES)
    for variable, names in own.items():
        every = [name for rule in RULES[variable] for name in rule.names]
        assert set(names) <= set(every)
        assert len(set(every)) == len(every)


def test_every_variable_that_an_advice_names_is_one_of_the_roles() -> None:
    known = {name for role in ("emperor", "fastrouter") for name in variables(role)}
    advice = " ".join(rule.advice for rules in RULES.values() for rule in rules)
    words = {*advice.replace(",", " ").replace(";", " ").split(), *_role_options._OF_ROUTERS.values()}
    words |= set(_role_options._OF_VASSALS.values())
    named = {word for word in words if word.startswith(("emperor_", "fastrouter_"))}
    assert named and named <= known
