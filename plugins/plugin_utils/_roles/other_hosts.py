# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolves other hosts' ``emperor_vassals``, on a host where not all of it can be resolved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import SOCKETS
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError

from .._bulk_action import resolve
from . import texts

# The value of another host's variable, by the names of the host and the variable.
OfHost = Callable[[str, str], Any]
_VASSALS = "emperor_vassals"
# A variable that only refers to another.
_NAME = re.compile(r"\s*\{\{\s*(\w+)\s*\}\}\s*\Z")
# A longer chain is circular.
_MOST_NAMES = 20
# Members of a subscription: how it is signed, the files that routers read, and which routers those are.
_SIGNED = ("key", "signing")
_FILES = ("sni_cert", "sni_key", "sni_client_ca")
# The names by which a router of 2.1 knows a node.
_BY_NAME = "address_vassal"
# The options of a vassal that determine its sockets and how many requests it can handle at once.
COUNTS = ("processes", "workers", "threads", "async", "gevent")
_OPTIONS = frozenset([*SOCKETS, *COUNTS])
_REMEDY = "gather the facts of all hosts first, or let names and subscriptions need none"


def of_hosts(hosts: Iterable[Any], hostvars: Any, templar: Any) -> list[dict[str, Any]]:
    """The announcements of inventory hosts, each with its ``host`` and, if the variable is set, its ``vassals``.

    Args:
        hostvars: Ansible's.
        templar: the template engine.

    Raises:
        ArgumentError: for an unknown host, and for values that can't be resolved.
    """
    found = []
    for host in map(str, hosts):
        own = raw(host, hostvars)
        if _VASSALS in own:
            template = templar.copy_with_new_env(available_variables=own).template
            found.append({"host": host, "vassals": announced(host, own, template)})
        else:
            found.append({"host": host})
    return found


def nodes(hosts: Iterable[Any], hostvars: Any, templar: Any) -> list[dict[str, Any]]:
    """The announcements of hosts, with the addresses of their nodes; in the form of ``of_hosts``.

    A host that can't be resolved completely, such as before its facts are gathered, has a ``problem`` instead.
    """
    found = []
    for host in map(str, hosts):
        own = raw(host, hostvars)
        try:
            template = templar.copy_with_new_env(available_variables=own).template
            found.append({"host": host, **({"vassals": announced(host, own, template, nodes=True)} if _VASSALS in own else {})})
        except ArgumentError as error:
            found.append({"host": host, "problem": str(error)})
    return found


def raw(host: str, hostvars: Any) -> dict[str, Any]:
    """A host's variables as written in the inventory, not yet resolved.

    Raises:
        ArgumentError: for an unknown host.
    """
    if host not in hostvars:
        raise ArgumentError("hosts", f"{host!r} is not a host of the inventory; remove it here, or add it there")
    return dict(hostvars.raw_get(host), hostvars=hostvars)


class _Resolver:
    """Resolves values of another host.

    Args:
        template: resolves templates with that host's variables.
    """

    def __init__(self, template: Callable[[Any], Any]) -> None:
        self._template = template

    def resolved(self, place: str, value: Any) -> Any:
        try:
            return resolve(value, self._template)
        except Exception as exc:
            raise ArgumentError(place, f"can't be resolved here: {exc}; {_REMEDY}") from exc

    def opened(self, place: str, value: Any) -> Any:
        """A container whose members may still be templates."""
        return self.resolved(place, value) if isinstance(value, str) else value

    def whole(self, place: str, value: Any) -> Any:
        """The variable itself, which may be text, as everywhere in the roles."""
        found = self.opened(place, value)
        return texts.mappings(place, found) if isinstance(found, str) else found

    def mappings(self, place: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The mappings in a list, or a single one, with their paths."""
        for at, one in _members(place, self.opened(place, value)):
            yield at, _mapping(at, self.opened(at, one))


def announced(
    host: str, variables: Mapping[str, Any], template: Callable[[Any], Any], nodes: bool = False
) -> list[dict[str, Any]]:
    """A host's vassals, each with its ``name`` and the parts of its ``subscriptions`` that routers need.

    Args:
        variables: the host's, with unresolved templates.
        template: resolves templates with these variables.
        nodes: whether to include the address and capacity of each node.

    Raises:
        ArgumentError: if one of them can't be resolved, naming the host and the vassal.
    """
    there, place = _Resolver(template), f"{host}: {_VASSALS}"
    found = []
    for at, vassal in there.mappings(place, there.whole(place, _followed(variables))):
        one = {"name": there.resolved(at + ".name", vassal["name"])} if "name" in vassal else {}
        if "subscriptions" in vassal:
            # A vassal's name is more helpful than its number.
            under = f"{at} ({one['name']}).subscriptions" if one else at + ".subscriptions"
            one["subscriptions"] = [
                {name: there.resolved(f"{where}.{name}", entry[name]) for name in _read(entry, nodes)}
                for where, entry in there.mappings(under, vassal["subscriptions"])
            ]
        if nodes and vassal.get("options"):
            under = at + ".options"
            options = _mapping(under, there.opened(under, vassal["options"]))
            one["options"] = {name: there.resolved(f"{under}.{name}", options[name]) for name in options if name in _OPTIONS}
        found.append(one)
    return found


def _followed(variables: Mapping[str, Any]) -> Any:
    """The value of ``emperor_vassals``, or of the variable that it refers to, which may be a list with templates in it."""
    value = variables[_VASSALS]
    for dummy in range(_MOST_NAMES):
        found = _NAME.match(value) if isinstance(value, str) else None
        if not found or found[1] not in variables:
            break
        value = variables[found[1]]
    return value


def _members(place: str, value: Any) -> list[tuple[str, Any]]:
    """The members of a list, or a single one, with their paths."""
    if isinstance(value, Mapping) or value is None:
        return [] if value is None else [(place, value)]
    if not isinstance(value, (list, tuple)):
        raise ArgumentError(place, "must be a list of mappings")
    return [(f"{place}[{at}]", one) for at, one in enumerate(value)]


def _read(entry: Mapping[str, Any], nodes: bool) -> list[str]:
    """The members of a subscription that are needed."""
    more = [name for name in (*_FILES, _BY_NAME) if name in entry]
    further = ["server", "address"] if nodes else ["server"] if more else []
    return [name for name in (*_SIGNED, *more, *further) if name in entry]


def _mapping(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentError(place, "must be a mapping of arguments as for the module uwsgi_vassals")
    return value
