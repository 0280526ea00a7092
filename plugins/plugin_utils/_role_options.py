# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Combines the options that a role sets itself with the user's options. Pure.

``RULES`` covers every option of the roles, so each is decided only here. Options that a role variable sets are rejected: other
parts of the role depend on that variable. Options that the role only suggests can be replaced, or left out with null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table, values
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.options import content, named
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

# The user's values follow the role's.
ADDED = "added"
# The user's values are accepted if they include the role's.
BESIDE = "beside"
# Only the role's own values are accepted.
REFUSED = "refused"
# The same, if the role sets any.
OWN = "own"
# The user's value is accepted; null removes the option.
REPLACED = "replaced"
# Jinja's "omit": text before ansible-core 2.19, and since then an object of its own type.
_OMITTED = "__omit_place_holder__"
_OMIT_TYPE = "_OmitType"


class Rule(NamedTuple):
    """What to do with the user's values of an option.

    Attributes:
        names: all names of the option.
        advice: why a value is rejected, and what to do instead.
        value: a value that the role sets at other times, which the user may set too; None if there is none.
    """

    kind: str
    names: tuple[str, ...]
    advice: str = ""
    value: str | None = None


class Outcome(NamedTuple):
    """The combined options, and a sentence for each option that is rejected and left out."""

    options: dict[str, Any]
    flaws: list[str]


def _variable(names: str, variable: str, kind: str = REFUSED) -> Rule:
    advice = f"is set by {variable}; use that variable instead"
    return Rule(kind, tuple(names.split()), advice + (", or list its value here too" if kind == BESIDE else ""))


def _replaced(names: str) -> tuple[Rule, ...]:
    return tuple(Rule(REPLACED, (name,)) for name in names.split())


_EMPEROR = (
    Rule(ADDED, ("emperor",), "is where the vassals of the roles are, and without it none of them runs; leave it out"),
    Rule(REFUSED, ("strict",), "is what makes uWSGI report a misspelled option; leave it out"),
    Rule(
        REFUSED,
        ("emperor-stats", "emperor-stats-server"),
        "is where the roles and playbooks ask the Emperor; leave it out, and set emperor_run_dir to move it",
    ),
    _variable("emperor-tyrant emperor-tyrant-nofollow", "emperor_tyrant"),
    Rule(OWN, ("emperor-wrapper",), "is used by emperor_log_by_vassal; set that to false to use another"),
    Rule(
        OWN,
        ("umask",),
        "keeps others from writing the daemon's pid file; leave it out, and for vassals set umask in emperor_default_options",
    ),
    _variable("uid immediate-uid", "emperor_user"),
    _variable("gid immediate-gid", "emperor_group"),
    _variable("max-fd", "emperor_max_fd"),
    _variable("emperor-max-throttle", "emperor_max_throttle"),
    _variable("daemonize daemonize2", "emperor_supervisor"),
    Rule(
        REFUSED,
        ("emperor-on-demand-extension", "emperor-on-demand-ext"),
        "is the ending of the files that the role writes for vassals with on_demand; leave it out",
        ".socket",
    ),
    *_replaced("emperor-graceful-shutdown emperor-curse-tolerance"),
)
_VASSALS = (
    _variable("need-plugins", "emperor_plugins", OWN),
    _variable("harakiri", "emperor_harakiri"),
    _variable("worker-reload-mercy", "emperor_worker_reload_mercy"),
    _variable("buffer-size", "emperor_buffer_size"),
    *_replaced("strict master need-app vacuum die-on-term single-interpreter enable-threads close-on-exec auto-procname"),
    *_replaced("procname-prefix-spaced"),
)
_FASTROUTER = (
    _variable("fastrouter", "fastrouter_listen", BESIDE),
    _variable("fastrouter-subscription-server", "fastrouter_subscription_server", BESIDE),
    _variable("fastrouter-stats fastrouter-stats-server fastrouter-ss", "fastrouter_stats"),
    _variable("fastrouter-processes fastrouter-workers", "fastrouter_processes"),
    _variable("fastrouter-timeout", "fastrouter_timeout"),
    *_replaced("need-plugins"),
)
# Options of both fronts, which may have other time-outs than the fastrouter.
_FRONT = (
    _variable("http-to", "fastrouter_listen", BESIDE),
    *_replaced("need-plugins http-timeout http-headers-timeout"),
)
_HTTP = (
    _variable("http", "fastrouter_http", BESIDE),
    _variable("http-stats http-stats-server http-ss", "fastrouter_http_stats"),
    *_FRONT,
)
_HTTPS = (
    _variable("https", "fastrouter_https, fastrouter_https_certificate and fastrouter_https_key", BESIDE),
    _variable("http-stats http-stats-server http-ss", "fastrouter_https_stats"),
    _variable("http-subscription-server", "fastrouter_https_subscription_server"),
    *_FRONT,
)
# By the variable that holds the user's options.
RULES: dict[str, tuple[Rule, ...]] = {
    "emperor_options": _EMPEROR,
    "emperor_default_options": _VASSALS,
    "fastrouter_options": _FASTROUTER,
    "fastrouter_http_options": _HTTP,
    "fastrouter_https_options": _HTTPS,
}
# From arguments of the modules to the variables that set the same for all vassals or routers of a role.
_OF_VASSALS = {
    "client_params.announce_interval": "emperor_announce_interval",
    "client_params.unsubscribe_on_reload": "emperor_unsubscribe_on_reload",
}
_OF_ROUTERS = {
    "server_params.tolerance": "fastrouter_tolerance",
    "server_params.balancing_algo": "fastrouter_balancing_algo",
    "server_verification_params.tolerance": "fastrouter_signing_tolerance",
}


def together(own: Mapping[str, Any], given: Any, variable: str) -> Outcome:
    """Combine a role's options with the user's.

    Args:
        own: what the role sets itself. "omit" values are left out of both.
        given: the value of the user's variable.
        variable: its name, one of ``RULES``.

    Raises:
        ArgumentError: if the variable is unknown, or holds no options.
    """
    if not isinstance(variable, str) or variable not in RULES:
        raise ArgumentError("variable", f"{values.shown(variable)} is not a variable with options; known are {', '.join(RULES)}")
    for place, value in (("own", own), (variable, given)):
        if not isinstance(value, Mapping):
            raise ArgumentError(place, "must be a mapping of uWSGI's options to values")
    rules = {name: rule for rule in RULES[variable] for name in rule.names}
    own, given = _without_omitted(own), _without_omitted(given)
    found, flaws = dict(own), []
    for name, value in given.items():
        flaw = _flaw(name, value, own, rules, variable)
        rule = rules.get(name)
        if flaw:
            flaws.append(f"{values.child(variable, name)}: {flaw}")
        elif rule and rule.kind == ADDED and _texts(own.get(name)):
            found[name] = [*_items(own[name]), *(one for one in _items(value) if _text(one) not in _texts(own[name]))]
        else:
            found[name] = value
    return Outcome(found, flaws)


def _flaw(name: Any, value: Any, own: Mapping[str, Any], rules: Mapping[str, Rule], variable: str) -> str:
    """Why a value is rejected; empty if it is accepted."""
    texts = _texts(value)
    if not isinstance(name, str):
        # The check of the vassals' arguments reports it.
        return ""
    if name in rules and not _is_taken(rules[name], texts, own):
        return rules[name].advice
    for other in dict.fromkeys(one for text in texts for one in named(name, text)):
        sets = "" if other == name else f"sets {other}, which "
        if other in table.ARGUMENTS:
            return f"{sets}is not checked among the options; use {_argument(table.ARGUMENTS[other], variable)}"
        if sets and other in rules and rules[other].kind == REFUSED:
            return sets + rules[other].advice
    return ""


def _is_taken(rule: Rule, texts: list[str], own: Mapping[str, Any]) -> bool:
    said = [text for name in rule.names for text in _texts(own.get(name))]
    if rule.kind == ADDED:
        return bool(texts)
    if rule.kind == BESIDE:
        return set(said) <= set(texts)
    if rule.kind == REFUSED:
        return texts == said or (not said and texts in ([], [rule.value]))
    return rule.kind == REPLACED or not said or texts == said


def _argument(argument: str, variable: str) -> str:
    """The role variable that sets the same."""
    if variable == "emperor_options":
        return f"{argument} of one of the emperor_vassals or fastrouter_vassals"
    if variable == "emperor_default_options":
        return _OF_VASSALS.get(argument, f"{argument} of the emperor_vassals")
    if argument in _OF_ROUTERS:
        return _OF_ROUTERS[argument]
    if variable == "fastrouter_options" and argument.startswith("server_"):
        return " and ".join("fastrouter_" + one for one in argument.split(" and "))
    return f"{argument} of a router in fastrouter_vassals"


def _without_omitted(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if not _is_omitted(value)}


def _is_omitted(value: Any) -> bool:
    return type(value).__name__ == _OMIT_TYPE or (isinstance(value, str) and value.startswith(_OMITTED))


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple)) else [value]


def _texts(value: Any) -> list[str]:
    """The values of an option as uWSGI reads them; none if the option is left out."""
    return [text for text in map(_text, _items(value)) if text is not None]


def _text(value: Any) -> str | None:
    found = content(value)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str):
        return found
    return str(found) if isinstance(found, (int, float)) and values.is_sane(found) else None
