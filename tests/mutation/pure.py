# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pure modules, and the tests that notice their mutants."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
_PACKAGE = "ansible_collections.emperor.uwsgi.plugins."
# All that is pure, by the folder below plugins/. Not plugin_utils/_untrusted: what its marks do is up to Ansible's release.
PURE = {
    "module_utils": (
        "_addresses",
        "_archive",
        "_bulk_argument",
        "_deployment/changes",
        "_dialect",
        "_errors",
        "_arguments/*",
        "_files/plan",
        "_files/temporary",
        "_files/trust",
        "_host/emperor_stats",
        "_ini/*",
        "_keys/*",
        # But "page" and "script", which are one long text each.
        "_live/config",
        "_live/families",
        "_live/history",
        "_live/metrics",
        "_live/view",
        "_live/worker_metrics",
        "_live/workers",
        "_masking",
        "_node/datagram",
        "_pool/pools",
        "_pool/presence",
        "_pool/scanner",
        "_pool/stats",
        "_pool/strict_json",
        "_tls/certificate",
        "_visible",
    ),
    "plugin_utils": (
        "_adopt/*",
        "_capacity",
        "_import/*",
        "_live_hosts",
        # But "html", which reads the page's parts from files.
        "_page/columns",
        "_page/held",
        "_page/layout",
        "_page/pools",
        "_page/shapes",
        "_page/summary",
        "_page/table",
        "_role_options",
        # But "host" and "signing", which read and make keys.
        "_roles/both_sides",
        "_roles/desired",
        "_roles/emperor",
        "_roles/fastrouter",
        "_roles/firewall",
        "_roles/intervals",
        "_roles/live",
        "_roles/other_hosts",
        "_roles/service",
        "_roles/texts",
        "_roles/variables",
        "_router_checks",
        "_signing/halves",
    ),
}
# Tests that notice mutants of a module beside those that mirror it, such as its effect on what is built on it.
_ARGUMENTS = "unit/plugins/module_utils/_arguments/"
_LIVE = "unit/plugins/module_utils/_live/"
_IMPORT = "unit/plugins/plugin_utils/_import/"
_STEPS = ("convert", "declared", "entries", "formats", "sources", "whole", "xml_format", "yaml_format")
JUDGES: dict[str, tuple[str, ...]] = {
    "_dialect": (
        "conformance/test_uwsgiconf.py",
        "unit/plugins/module_utils/_ini/test_instance.py",
        "unit/plugins/module_utils/_ini/test_writer.py",
        _ARGUMENTS + "test_table.py",
        _ARGUMENTS + "test_vassal.py",
        _ARGUMENTS + "test_subscription.py",
        _ARGUMENTS + "test_values.py",
    ),
    "_arguments/table": (
        "conformance/test_uwsgiconf.py",
        _ARGUMENTS + "test_subscription.py",
        "conformance/test_announcements.py::test_the_cases_are_for_every_field_of_the_table",
    ),
    # What its states are called is seen on the page and in the metrics.
    "_live/history": (_LIVE + "test_view.py", _LIVE + "test_metrics.py"),
    # Each is one step of a file's way, and what becomes of a whole file is seen at its end.
    **{f"_import/{name}": tuple(_IMPORT + f"test_{other}.py" for other in _STEPS if other != name) for name in _STEPS},
}
# Packages whose modules are judged by all tests of the package. These must be quick: judges that take too long count as a kill.
_TOGETHER = ("_adopt", "_arguments")


class Module(NamedTuple):
    """A pure module.

    Attributes:
        name: such as ``_ini/parser``.
        kind: the folder below plugins/ that it is in.
    """

    name: str
    kind: str

    @property
    def path(self) -> Path:
        return ROOT / "plugins" / self.kind / (self.name + ".py")

    @property
    def dotted(self) -> str:
        return _PACKAGE + self.kind + "." + self.name.replace("/", ".")

    @property
    def judges(self) -> list[str]:
        """The tests that mirror it, those that are named in addition, and in some packages all others."""
        folder, dummy, name = self.name.rpartition("/")
        base = TESTS / "unit" / "plugins" / self.kind / folder
        own = sorted(base.glob(f"test_{name.lstrip('_')}*.py"))
        others = sorted(base.glob("test_*.py")) if folder in _TOGETHER else []
        named = [str(TESTS / one) for one in JUDGES.get(self.name, ())]
        return list(dict.fromkeys([*map(str, own), *named, *map(str, others)]))


def modules() -> list[Module]:
    """All pure modules."""
    found = []
    for kind, names in PURE.items():
        base = ROOT / "plugins" / kind
        for name in names:
            paths = sorted(base.glob(name + ".py"))
            if not paths:
                raise SystemExit(f"there is no {kind}/{name}")
            found += [Module(path.relative_to(base).with_suffix("").as_posix(), kind) for path in paths]
    return found
