# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation says what the code does."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils import basic
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table
from support import playbook
from support.modules import PACKAGE, ROOT

COLLECTION = "emperor.uwsgi."
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
FILTERS = sorted(path.stem for path in (ROOT / "plugins" / "filter").glob("*.py"))
LOOKUPS = sorted(path.stem for path in (ROOT / "plugins" / "lookup").glob("*.py"))
INVENTORIES = sorted(path.stem for path in (ROOT / "plugins" / "inventory").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
_KINDS = {"module": MODULES, "filter": FILTERS, "lookup": LOOKUPS, "inventory": INVENTORIES}


class _Caught(Exception):
    """Carries the arguments of AnsibleModule out of a module's main()."""


@pytest.fixture(scope="module")
def docs() -> dict[str, dict[str, Any]]:
    """What ansible-doc says about each plugin, by kind and name."""
    found = {kind: playbook.doc(kind, *(COLLECTION + name for name in names)) for kind, names in _KINDS.items()}
    return {kind: {name[len(COLLECTION) :]: one for name, one in plugins.items()} for kind, plugins in found.items()}


def spec(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments that a module gives to AnsibleModule."""

    def caught(self: Any, argument_spec: dict[str, Any], **kwargs: Any) -> None:
        raise _Caught(dict(kwargs, argument_spec=argument_spec))

    monkeypatch.setattr(basic.AnsibleModule, "__init__", caught)
    with pytest.raises(_Caught) as found:
        importlib.import_module(PACKAGE + name).main()
    return dict(found.value.args[0])


def as_documented(options: dict[str, Any]) -> dict[str, Any]:
    """An argument spec in the form of documentation."""
    result = {}
    for name, option in options.items():
        one = {key: option[key] for key in ("aliases", "elements", "choices") if key in option}
        one.update(type=option.get("type", "str"), required=option.get("required", False), default=option.get("default"))
        if "options" in option:
            one["suboptions"] = as_documented(option["options"])
        result[name] = one
    return result


def as_specified(options: dict[str, Any]) -> dict[str, Any]:
    """Documented options, reduced to what a spec has."""
    result = {}
    for name, option in options.items():
        one = {key: option[key] for key in ("aliases", "elements", "choices") if key in option}
        one.update(type=option.get("type", "str"), required=option.get("required", False), default=option.get("default"))
        if "suboptions" in option:
            one["suboptions"] = as_specified(option["suboptions"])
        result[name] = one
    return result


@pytest.mark.parametrize("name", MODULES)
def test_the_documented_options_are_those_of_the_spec(name: str, docs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found = spec(name, monkeypatch)
    options = dict(found["argument_spec"])
    if found.get("add_file_common_args"):
        options = {**basic.FILE_COMMON_ARGUMENTS, **options}
    documented = as_specified(docs["module"][name]["doc"]["options"])
    assert documented == as_documented(options)
    attributes = docs["module"][name]["doc"]["attributes"]
    assert (attributes["check_mode"]["support"] == "full") == found.get("supports_check_mode", False)


# Renamed arguments, and the release that removes their old names.
OLD_NAMES = {"stats": "3.0.0"}


@pytest.mark.parametrize("name", MODULES)
def test_every_alias_is_deprecated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for option in spec(name, monkeypatch)["argument_spec"].values():
        found = [(one["name"], one["version"], one["collection_name"]) for one in option.get("deprecated_aliases", [])]
        assert found == [(alias, OLD_NAMES[alias], "emperor.uwsgi") for alias in option.get("aliases", [])]


@pytest.mark.parametrize("group", table.GROUPS)
def test_every_row_of_the_table_is_documented_with_its_release(group: str, docs: dict[str, Any]) -> None:
    options = docs["module"]["uwsgi_subscription"]["doc"]["options"][group]["suboptions"]
    assert set(options) - {"resolve_server"} == {row.argument for row in table.GROUPS[group]}
    for row in table.GROUPS[group]:
        # This may be a string or a list of strings.
        words = str(options[row.argument]["description"])
        assert ("Needs uWSGI 2.1" in words) == (row.since == _dialect.V2_1), row.argument


PLUGINS = [(kind, name) for kind, names in _KINDS.items() for name in names]


@pytest.mark.parametrize(("kind", "name"), PLUGINS, ids=["{} {}".format(*one) for one in PLUGINS])
def test_a_plugins_documentation_is_complete(kind: str, name: str, docs: dict[str, Any]) -> None:
    found = docs[kind][name]
    for part in ("short_description", "description", "author", "version_added"):
        assert found["doc"][part], part
    for option in _flat(found["doc"].get("options", {}), "suboptions"):
        assert option["description"]
    # An inventory plugin returns the inventory itself, and its examples are sources.
    assert found["return"] or kind == "inventory"
    for value in _flat(found["return"] or {}, "contains"):
        assert value["description"]
        assert value["type"]
    if kind == "inventory":
        assert all(source["plugin"] == COLLECTION + name for source in yaml.safe_load_all(found["examples"]))
        return
    tasks = yaml.safe_load(found["examples"])
    assert tasks
    assert all(task["name"] for task in tasks)
    assert any(COLLECTION + name in str(task) for task in tasks)


def _flat(options: dict[str, Any], inner: str) -> list[dict[str, Any]]:
    return [one for option in options.values() for one in [option, *_flat(option.get(inner) or {}, inner)]]


@pytest.mark.parametrize("kind", [*_KINDS, "role"])
def test_ansible_doc_shows_all_without_a_complaint(kind: str, tmp_path: Path) -> None:
    names = [COLLECTION + name for name in (_KINDS | {"role": ROLES})[kind]]
    found = playbook.command("ansible-doc", "-t", kind, *names, folder=tmp_path)
    # ansible-core 2.20 and newer complain about a collection of their own.
    complaints = [line for line in found.stderr.splitlines() if "/ansible/_protomatter'" not in line]
    assert (found.returncode, complaints) == (0, [])
    assert all(name in found.stdout or name.upper() in found.stdout for name in names)
