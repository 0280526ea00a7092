# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routers of a host to variables of the role ``fastrouter``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._roles.fastrouter import DEFAULT_OPTIONS as DEFAULTS
from .document import Note, Rows
from .instance import Instance, Option
from .variables import Variable, accepted, option_rows, without_defaults

_STATS = ("fastrouter-stats", "fastrouter-stats-server", "fastrouter-ss")
_PROCESSES = ("fastrouter-processes", "fastrouter-workers")
_HTTP_STATS = ("http-stats", "http-stats-server", "http-ss")
_ALGORITHM = "uWSGI's default, which the file does not change; weighted_least_reference_count sends fewer requests to busy nodes"
_NO_SERVER = "has no fastrouter-subscription-server, and the role's router always has one; set fastrouter_subscription_server"
_HTTPS = "https = {}: has not exactly an address, a certificate and a key; set the fastrouter_https variables"
_PARTS = 3
# uWSGI's own.
_SERVER = {"tolerance": 17, "balancing_algo": "weighted_round_robin"}


class Routers:
    """The variables that the files of routers come to.

    Attributes:
        variables: those of the role.
        further: routers that are instances of their own in ``fastrouter_vassals``.
    """

    def __init__(self, instances: Sequence[Instance]) -> None:
        self.variables: list[Variable] = []
        self.further: list[Instance] = []
        self._listen: Any = None
        self._fronts: set[str] = set()
        # A front is only one of the fastrouter's where that is known.
        for one in sorted(instances, key=lambda one: not one.option("fastrouter")):
            if self._is_fastrouter(one):
                self._take_fastrouter(one)
            elif self._is_front(one):
                self._take_front(one, list(one.options))
            else:
                self.further.append(one)

    def _is_fastrouter(self, one: Instance) -> bool:
        others = one.option("rawrouter", "sslrouter", "sslrouter2", "http-subscription-server", "https2")
        return self._listen is None and bool(one.option("fastrouter")) and not others and "subscriptions" not in one.arguments

    def _is_front(self, one: Instance) -> bool:
        kinds = {name for name in ("http", "https") if one.option(name)}
        others = one.option("fastrouter", "rawrouter", "sslrouter", "https2", "http-subscription-server", "http-to-https")
        only = self._listen is not None and len(kinds) == 1 and not others and not one.arguments
        return only and one.option("http-to") == [self._listen] and not kinds & self._fronts and _is_plain(one)

    def _take_fastrouter(self, one: Instance) -> None:
        http = [option for option in one.options if option.name.startswith("http")]
        own = [option for option in one.options if not option.name.startswith("http")]
        taken: list[str] = []
        listen = one.option("fastrouter")
        self._listen = listen[0]
        more: list[Option] = []
        self._say("fastrouter_listen", listen[0], [one.path + ":", *_user(one), *one.notes])
        servers = one.option("fastrouter-subscription-server")
        if servers:
            self._say("fastrouter_subscription_server", servers[0])
        else:
            self._note(f"{one.path} {_NO_SERVER}")
        for name, values in (("fastrouter", listen), ("fastrouter-subscription-server", servers)):
            taken.append(name)
            if len(values) > 1:
                more.append(Option(name, values))
        for names, variable in ((_STATS, "stats"), (_PROCESSES, "processes"), (("fastrouter-timeout",), "timeout")):
            values = one.option(*names)
            if len(values) == 1:
                taken += names
                self._say("fastrouter_" + variable, values[0])
        self._say_params(one)
        rest = [*more, *(option for option in own if option.name not in taken)]
        self._say_options("fastrouter_options", rest, {})
        if http:
            self._take_front(one, http)

    def _take_front(self, one: Instance, options: list[Option]) -> None:
        """A front that gives all it gets to the fastrouter."""

        def values(*names: str) -> list[Any]:
            return [value for option in options if option.name in names for value in option.values]

        kind = "https" if values("https") else "http"
        self._fronts.add(kind)
        addresses = values(kind)
        taken = [kind]
        if one.option("fastrouter") == []:
            self._note(one.path + ":")
        if kind == "https":
            parts = str(addresses[0]).split(",")
            if len(parts) == _PARTS:
                for name, part in zip(("fastrouter_https", "fastrouter_https_certificate", "fastrouter_https_key"), parts):
                    self._say(name, part)
            else:
                self._note(_HTTPS.format(addresses[0]))
        elif addresses:
            self._say("fastrouter_http", addresses[0])
        stats = values(*_HTTP_STATS)
        if len(stats) == 1:
            taken += _HTTP_STATS
            self._say(f"fastrouter_{kind}_stats", stats[0])
        if values("http-to") == [self._listen]:
            taken.append("http-to")
        rest = [option for option in options if option.name not in taken]
        if len(addresses) > 1:
            rest.insert(0, Option(kind, addresses))
        self._say_options(f"fastrouter_{kind}_options", rest, {"http-to": self._listen})

    def _say_params(self, one: Instance) -> None:
        params = dict(one.arguments.get("server_params", {}))
        # With emperor_signing off, the role has none of its own.
        verification = one.arguments.get("server_verification_params")
        if "tolerance" in params:
            self._say("fastrouter_tolerance", params.pop("tolerance"))
        algorithm = params.pop("balancing_algo", None)
        self._say("fastrouter_balancing_algo", algorithm or "weighted_round_robin", [] if algorithm else [_ALGORITHM])
        if params:
            self._say("fastrouter_server_params", params)
        if verification:
            self._say("fastrouter_server_verification_params", verification)

    def _say_options(self, variable: str, options: list[Option], own: dict[str, Any]) -> None:
        rows = option_rows(accepted(without_defaults(options, DEFAULTS), variable, own))
        if rows:
            self._say(variable, rows)

    def _say(self, name: str, value: Any, notes: Sequence[str] = ()) -> None:
        self.variables.append(Variable(name, value, list(notes)))

    def _note(self, words: str) -> None:
        """Say something above what comes next."""
        self.variables.append(Variable("", None, [words]))


def _is_plain(one: Instance) -> bool:
    """Whether all of an instance is a front, and it has no application and no socket of its own."""
    return not one.option("socket", "module", "wsgi-file")


def entry(one: Instance) -> Rows:
    """A router that is an instance of its own."""
    found = Rows([Note(one.path), ("name", one.name), ("options", option_rows(without_defaults(one.options, DEFAULTS)))])
    found += map(Note, [*_user(one), *one.notes])
    # Without them it has those of the fastrouter.
    params = {"server_params": {**_SERVER, **one.arguments.get("server_params", {})}}
    return Rows([*found, *{**one.arguments, **params}.items()])


def _user(one: Instance) -> list[str]:
    """What is to be said of whom it runs as."""
    return [f"uid = {one.user}: the role runs its routers as emperor_user"] if one.user else []
