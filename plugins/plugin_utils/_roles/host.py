# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host of a play: what follows from the roles' variables, and the desired state for the module ``uwsgi_emperor``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names

from .. import _router_checks
from .._capacity import capacity
from . import both_sides, desired, emperor, fastrouter, intervals, live, signing, texts, variables
from .desired import Call, Page
from .fastrouter import Routers
from .texts import AUTO
from .variables import Emperor, Fastrouter

# The parts of a run, in this order.
VASSALS, SERVICE, NEW_KEYS, PUBLIC_KEYS, ROUTERS = "vassals", "service", "new_keys", "public_keys", "routers"
# What a report of the routers needs, for which nothing is written.
REPORT = "report"
# The same for a check of the routers' certificates.
CERTIFICATES = "certificates"
PARTS = (VASSALS, SERVICE, NEW_KEYS, PUBLIC_KEYS, ROUTERS, REPORT, CERTIFICATES)
_OF_ROUTERS = {PUBLIC_KEYS, ROUTERS, CERTIFICATES}
_VASSALS = "emperor_vassals"
# The value of fastrouter_dashboard, for the role emperor when the role fastrouter uses it.
_DASHBOARD = "emperor__dashboard"
# Variables that may hold secrets or are long.
_UNSHOWN = ("vassals", "subscriptions", "options", "default_options", "http_options", "https_options")
# The percentage of its public keys that a router may lose when hosts may be missing.
_SOME, _ALL = 50, 100


class Around(NamedTuple):
    """What is known of the host and the other hosts.

    Attributes:
        name: the host's name.
        value: from the name of a variable to its value on this host.
        inventory: whether a variable is in the inventory, where other hosts can see it, unlike a play's.
        of_host: the value of another host's variable, by the names of the host and the variable.
        announced: from names of hosts to their mappings, as returned by the lookup ``announced_vassals``.
        nodes: the same with the addresses of their nodes, as far as they can be resolved.
        play: the hosts of the play.
        hosts: the size of the group ``nodes``, or of the inventory if there is no such group.
        package_manager: that of the host, from the fact ``pkg_mgr``.
        loader: Ansible's ``DataLoader``.
    """

    name: str
    value: Callable[[str], Any]
    inventory: Callable[[str], bool]
    of_host: Callable[[str, str], Any]
    announced: Callable[[Sequence[str]], list[dict[str, Any]]]
    nodes: Callable[[Sequence[str]], list[dict[str, Any]]]
    play: Sequence[str]
    hosts: int
    package_manager: str
    loader: Any
    check_mode: bool


def parts(value: Any) -> list[str]:
    """The argument ``parts``, in the order of a run.

    Raises:
        ArgumentError: for an unknown part.
    """
    given = [one.strip() for one in value.split(",")] if isinstance(value, str) else value
    if not isinstance(given, (list, tuple)) or not given or not set(given) <= set(PARTS):
        raise ArgumentError("parts", f"{values.shown(value)} is not known; give some of {', '.join(PARTS)}")
    return [one for one in PARTS if one in given]


class Host:
    """A host of a play.

    Raises:
        ArgumentError: at the first use of an invalid variable.
    """

    def __init__(self, around: Around) -> None:
        self._around = around

    @cached_property
    def _given(self) -> Emperor:
        found = variables.read(Emperor, self._around.value)
        return found._replace(node_count=found.node_count or self._around.hosts)

    @cached_property
    def emperor(self) -> Emperor:
        """The variables of the role ``emperor``, with the chosen interval if it is automatic."""
        return intervals.settled(self._given)

    @cached_property
    def fastrouter(self) -> Fastrouter:
        """The variables of the role ``fastrouter``."""
        return variables.read(Fastrouter, self._around.value)

    @cached_property
    def _router_variables(self) -> Fastrouter:
        """The same with a tolerance that fits the interval of every node."""
        return intervals.with_tolerance(self.fastrouter, self._interval) if self._chooses else self.fastrouter

    @property
    def _chooses(self) -> bool:
        return self._given.announce_interval == AUTO

    @cached_property
    def _interval(self) -> int:
        """The longest interval of all nodes."""
        return intervals.longest(self._choices) if self._chooses else self.emperor.announce_interval

    @cached_property
    def _choices(self) -> list[intervals.Choice]:
        """The intervals that the nodes choose."""
        return intervals.choices(self.emperor, self._nodes)

    @cached_property
    def binary(self) -> str:
        """uWSGI's path."""
        return emperor.binary(self.emperor, self._around.package_manager)

    @cached_property
    def _routers(self) -> Routers:
        return fastrouter.routers(self._router_variables, self.emperor)

    @cached_property
    def _nodes(self) -> list[dict[str, Any]]:
        return self._around.announced(self.fastrouter.nodes)

    @cached_property
    def _announced(self) -> list[Any]:
        """The announcements of all nodes and the extra subscriptions."""
        found: list[Any] = [one["vassals"] for one in self._nodes if "vassals" in one]
        return [*found, {"subscriptions": self.fastrouter.subscriptions}]

    @cached_property
    def _announcing(self) -> list[Any]:
        """The same, with the signing of each."""
        return signing.signed(self.emperor, self._announced)

    @cached_property
    def _metrics(self) -> live.Made | None:
        return live.metrics(self.emperor, self._around.name) if self.emperor.metrics else None

    @cached_property
    def _dashboard(self) -> live.Made | None:
        if not self.fastrouter.dashboard:
            return None
        around = self._around
        certificates = self._certificates(keys=False)
        fleet = live.Fleet(around.name, self._routers.vassals, around.nodes(self.fastrouter.nodes), certificates, around.of_host)
        return live.dashboard(self._router_variables, self.emperor, fleet)

    @cached_property
    def _has_pages(self) -> bool:
        """Whether the host has a live page, also when called from the role emperor."""
        return bool(self.emperor.metrics or texts.text("fastrouter_dashboard", self._around.value(_DASHBOARD)))

    def planned(self, wanted: Sequence[str]) -> dict[str, Any]:
        """Values for the roles' other tasks.

        Raises:
            ArgumentError: for an invalid variable.
        """
        if REPORT in wanted:
            return {"given": _shown(self.fastrouter)}
        return self._planned_routers(wanted) if _OF_ROUTERS & set(wanted) else self._planned_emperor()

    def flaws(self, wanted: Sequence[str]) -> list[str]:
        """Mistakes that would otherwise be silent, each with the consequence."""
        if REPORT in wanted:
            return []
        if _OF_ROUTERS & set(wanted):
            flaws = live.router_flaws(self.fastrouter, self.emperor)
            flaws += fastrouter.flaws(self._router_variables, self.emperor, self._routers, self._interval)
            # An invalid page is an error instead.
            return flaws if flaws or not self._dashboard else []
        given = self.emperor
        own = emperor.emperor_options(given, _on_demand(given))
        of_vassals = emperor.vassals_options(given)
        found = [*emperor.flaws(given, own.options), *own.flaws, *of_vassals.flaws, *live.flaws(given)]
        if not self._around.inventory(_VASSALS):
            found += both_sides.unknown_keys(given, self._around.name, self._around.of_host)
        return found + both_sides.wrong_protocols(given, of_vassals.options, self._around.of_host)

    def desired(self, wanted: Sequence[str]) -> dict[str, Any]:
        """The desired state, by part."""
        found: dict[str, Any] = {}
        if VASSALS in wanted:
            found.update(self._vassals())
        if SERVICE in wanted:
            found[SERVICE] = desired.service(self.emperor, self.binary, _on_demand(self.emperor))
        if NEW_KEYS in wanted and self.emperor.signing:
            found[NEW_KEYS] = self._public_keys()
        if PUBLIC_KEYS in wanted and self.emperor.signing:
            found[PUBLIC_KEYS] = self._public_keys()
        if ROUTERS in wanted:
            found[ROUTERS] = desired.routers(
                self.emperor, self.binary, self._routers.vassals, self._certificates(), self._dashboard_page()
            )
        return found

    def warnings(self, wanted: Sequence[str]) -> list[str]:
        """Warnings about settings that work but are too permissive or costly."""
        given = self.emperor
        found = live.warnings("emperor_metrics", given.metrics) if VASSALS in wanted else []
        if ROUTERS in wanted and self._dashboard:
            found += live.warnings("fastrouter_dashboard", self.fastrouter.dashboard) + self._dashboard.warnings
        if PUBLIC_KEYS not in wanted:
            return found
        found += both_sides.shared_names(self._nodes)
        if self._chooses:
            return found + intervals.warnings(given, self._choices)
        # Once, where the routers are deployed: otherwise each node would count the whole fleet.
        routers = max(1, len(given.routers))
        load = capacity(self._announcing, given.announce_interval, routers, given.signing_key_type)
        return found + list(load["warnings"])

    def successors_made(self) -> list[str]:
        """Create the successors of the keys to rotate, by default of all.

        Returns:
            the names of those that no earlier run had created.

        Raises:
            ArgumentError: for a key that can't be created.
        """
        given = self.fastrouter.rotation_keys
        names = list(dict.fromkeys(map(file_names.key_file, given))) if given else signing.names(self.emperor, self._announced)
        return signing.make_successors(self.emperor, names, self._around.loader, self._around.check_mode)

    def successors_promoted(self) -> list[str]:
        """Replace keys by their successors.

        Returns:
            the names of those that were not replaced yet.

        Raises:
            ArgumentError: for a key that can't be written.
        """
        return signing.promote_successors(self.emperor, self._around.loader, self._around.check_mode)

    def served(self, wanted: Sequence[str], done: Mapping[str, Any]) -> dict[str, Any]:
        """What to wait for.

        Args:
            done: the result of the previous step; empty if it didn't run.
        """
        if VASSALS in wanted:
            return desired.served(self.emperor, done)
        names = [one["name"] for one in self._routers.vassals] + ([live.DASHBOARD] if self.fastrouter.dashboard else [])
        return desired.routers_served(self.emperor, names, done)

    def running(self, done: Mapping[str, Any], restart: bool) -> list[Call]:
        """The modules that make the service manager run the Emperor, as in ``desired.running``."""
        return desired.running(self.emperor, done, restart, self._around.check_mode)

    @property
    def _first(self) -> list[str]:
        """The task files with which the role begins, in this order."""
        given = self.emperor
        if given.state == "absent":
            return ["absent"]
        if given.install == "none":
            return []
        # Separate tasks: new content there doesn't restart the Emperor.
        # Each way has its own task file: Ansible runs a file once for all hosts that need it, when the first of them gets there.
        return ["install_" + given.install, *([f"install_{given.install}_client"] if self._has_pages else [])]

    def _planned_emperor(self) -> dict[str, Any]:
        given = self.emperor
        rolling = emperor.rolling_vassals(given)
        return {
            "given": _shown(given),
            "paths": emperor.paths(given)._asdict(),
            "owners": emperor.owners(given)._asdict(),
            "folders": emperor.folders(given),
            "binary": self.binary,
            "stop_timeout": emperor.stop_timeout(given),
            "first": self._first,
            "announcing_files": emperor.files(given, emperor.announcing(given)),
            "rolling_files": emperor.files(given, rolling),
            "announced_keys": emperor.keys(given),
            "rolling_checks": [
                {"vassal": emperor.files(given, [one["name"]])[0], "health": one["health"]}
                for one in given.vassals
                if "health" in one and one.get("name") in rolling
            ],
        }

    def _planned_routers(self, wanted: Sequence[str]) -> dict[str, Any]:
        given = self.emperor
        at = emperor.paths(given)
        names = fastrouter.with_pools(self._routers.vassals)
        return {
            "given": _shown(self._router_variables),
            "state": given.state,
            "own_vassals": bool(given.vassals),
            "signing": given.signing,
            "signing_keys_dir": given.signing_keys_dir,
            "signing_key_type": given.signing_key_type,
            "router_stats": given.router_stats,
            "emperor_stats": at.stats,
            "own_stats": fastrouter.own_stats(self.fastrouter),
            "pool_files": [f"{at.routers}/{name}.ini" for name in names],
            "routers_dir": at.routers,
            "routers": [
                {"vassal": f"{at.routers}/{name}.ini", "stats": stats}
                for name, stats in fastrouter.with_stats(self._routers.vassals).items()
            ],
            "user": desired.reader(given),
            "certificates": self._endpoints() if CERTIFICATES in wanted else [],
            "key_names": signing.names(given, self._announced) if wanted == [PUBLIC_KEYS] else [],
        }

    def _vassals(self) -> dict[str, Any]:
        keys = signing.keys(self.emperor, self._around.loader, self._around.check_mode)
        given = self.emperor
        options = emperor.vassals_options(given).options
        page = None
        if self._metrics:
            vassal = live.vassal(live.METRICS, given.metrics, emperor.paths(given).metrics, given, options)
            page = Page(vassal, self._metrics.config)
        imports = self._has_pages and given.install == "none"
        return desired.vassals(given, self.binary, options, keys, page, imports)

    def _dashboard_page(self) -> Page | None:
        if not self._dashboard:
            return None
        given, folder = self.emperor, emperor.paths(self.emperor).dashboard
        vassal = live.vassal(live.DASHBOARD, self.fastrouter.dashboard, folder, given, fastrouter.DEFAULT_OPTIONS)
        return Page(vassal, self._dashboard.config)

    def _public_keys(self) -> dict[str, Any]:
        found = signing.public_halves(self.emperor, self._announcing, self._around.loader, self._around.check_mode)
        # Hosts without vassals may not be nodes, or their variables may be missing. Routers have none.
        missing = {one["host"] for one in self._nodes if "vassals" not in one} - set(self._around.play)
        return desired.public_keys(self.emperor, found, _SOME if missing and not self.emperor.allow_empty else _ALL)

    def _certificates(self, keys: bool = True) -> list[str]:
        """The certificates that the routers read: their own, and those that the nodes announce to them.

        Args:
            keys: include their private keys.
        """
        return _router_checks.certificates(self._routers.vassals, self._subscriptions(), keys)

    def _endpoints(self) -> list[dict[str, str]]:
        """What the routers serve over TLS."""
        return _router_checks.endpoints(self._routers.vassals, self._subscriptions())

    def _subscriptions(self) -> Iterable[Any]:
        # Read only if a router accepts certificates: there may be thousands.
        return (entry for one in self._flat() for entry in one.get("subscriptions") or [])

    def _flat(self) -> Iterable[Mapping[str, Any]]:
        for one in self._announced:
            yield from one if isinstance(one, list) else [one]


def _on_demand(given: Emperor) -> bool:
    return any("on_demand" in one for one in given.vassals)


def _shown(record: Any) -> dict[str, Any]:
    return {name: value for name, value in record._asdict().items() if name not in _UNSHOWN and not name.startswith("server_")}
