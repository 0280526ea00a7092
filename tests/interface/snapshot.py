# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print what users can write and read in a tree of the collection, as JSON.

python tests/interface/snapshot.py ROOT > tests/interface/VERSION.json

It imports the modules and reads YAML. It works on trees of any layout: of the private names it uses only the package that
derives paths from the roles' variables, if the tree has that. It leaves out what comes from ansible-core, so the result is the
same with every release of ansible-core.

Two things are missing. The arguments of a vassal are not in a module's spec, since the module checks them itself; the tests of
vassals cover them. Paths that are in no YAML of a role, such as the names of key files, are covered by the tests of the code that
makes them.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import yaml
from ansible.module_utils import basic

COLLECTION = "emperor.uwsgi."
_DOCUMENTED = ("filter", "lookup", "inventory")
_RULES = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
# Variables refer to others. This is more than the longest chain of references needs.
_PASSES = 10
_PATH = re.compile(r"(?<![\w.}/-])(?:/[\w.@%*+-]+)+")
# Paths of the distribution's programs, which are no files of the roles.
_FOREIGN = ("/usr/",)


class _Caught(Exception):
    """Carries the arguments of AnsibleModule out of a module's main()."""


class _Unknown(jinja2.Undefined):
    """A value that is known only in a run, such as the item of a loop."""

    def __str__(self) -> str:
        return "NAME"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def snapshot(root: Path) -> dict[str, Any]:
    """The interface of the tree in ``root``."""
    found = {f"module {name}": one for name, one in _modules(root)}
    for kind in _DOCUMENTED:
        found.update({f"{kind} {path.stem}": _documented(root, path) for path in _plugins(root, kind)})
    roles = sorted((root / "roles").iterdir())
    found.update({f"role {path.name}": _role(path) for path in roles})
    found.update({f"playbook {path.stem}": {} for path in (root / "playbooks").glob("*.yml")})
    groups = _yaml(root / "meta" / "runtime.yml").get("action_groups", {})
    found.update({f"action group {name}": {"members": sorted(members)} for name, members in groups.items()})
    found["hosts"] = {"paths": host_paths(root, roles)}
    return found


def host_paths(root: Path, roles: list[Path]) -> list[str]:
    """The paths on a host that the roles' variables and tasks contain, with the default variables.

    Expressions that need one of Ansible's filters are left out.
    """
    variables: dict[str, Any] = {}
    for role in roles:
        for folder in ("defaults", "vars"):
            path = role / folder / "main.yml"
            variables.update((_yaml(path) if path.exists() else None) or {})
    for dummy in range(_PASSES):
        variables = _each_text(variables, partial(_rendered, variables=variables))
    tasks = [_yaml(path) for role in roles for path in (role / "tasks").glob("*.yml")]
    variables["emperor__host"] = _made(root, variables)
    texts = [*_texts(variables), *(_rendered(text, variables) for text in _texts(tasks))]
    paths = {path for text in texts if "{{" not in text for path in _PATH.findall(text)}
    return sorted(path for path in paths if not path.startswith(_FOREIGN))


def _made(root: Path, given: dict[str, Any]) -> dict[str, Any]:
    """What the collection's own code derives from the variables of the role ``emperor``."""
    if not (root / "plugins" / "plugin_utils" / "_roles").exists():
        return {}
    with _importable(root):
        package = f"ansible_collections.{COLLECTION}plugins.plugin_utils._roles."
        variables, emperor, desired = (importlib.import_module(package + name) for name in ("variables", "emperor", "desired"))
        plain = {name: value for name, value in given.items() if "{{" not in str(value)}
        choices = {
            "emperor_install": "pip",
            "emperor_plugins": [],
            "emperor_vassals": [{"name": "NAME", "health": {}}],
            "emperor_node_count": 1,
        }
        host = variables.read(variables.Emperor, {**plain, **choices}.get)
        systemd = desired.service(host, emperor.binary(host, "apt"), False)
        paths = emperor.paths(host)._asdict()
        files = [*emperor.files(host, ["NAME"]), paths["routers"] + "/NAME.ini"]
        made = {"paths": paths, "folders": emperor.folders(host), "files": files, "service": systemd, "gate": emperor.gate(host)}
        return {"given": host._asdict(), **made}


def _rendered(text: str, variables: dict[str, Any]) -> str:
    if "{{" not in text:
        return text
    try:
        return jinja2.Environment(undefined=_Unknown).from_string(text).render(variables)
    except Exception:
        # Without Ansible's filters, facts and lookups, an expression can raise anything.
        return text


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    if isinstance(value, dict):
        return {name: _each_text(one, change) for name, one in value.items()}
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


@contextmanager
def _importable(root: Path) -> Iterator[None]:
    """Make this tree importable from a temporary folder, whatever collections are installed."""
    with tempfile.TemporaryDirectory() as folder:
        parent = Path(folder) / "ansible_collections" / "emperor"
        parent.mkdir(parents=True)
        (parent / "uwsgi").symlink_to(root.resolve())
        sys.path.insert(0, folder)
        sys.dont_write_bytecode = True
        yield
        sys.path.remove(folder)


def _modules(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with _importable(root):
        for path in _plugins(root, "modules"):
            yield path.stem, {**_module(_arguments(path.stem)), "returns": _returns(_constant(path, "RETURN"))}


def _arguments(name: str) -> dict[str, Any]:
    """The arguments that a module passes to AnsibleModule."""

    def caught(self: Any, argument_spec: dict[str, Any], **kwargs: Any) -> None:
        raise _Caught(dict(kwargs, argument_spec=argument_spec))

    original = basic.AnsibleModule.__init__
    basic.AnsibleModule.__init__ = caught
    try:
        importlib.import_module(f"ansible_collections.{COLLECTION}plugins.modules.{name}").main()
    except _Caught as found:
        return dict(found.args[0])
    finally:
        basic.AnsibleModule.__init__ = original
    raise ValueError(f"the module {name} makes no AnsibleModule")


def _module(given: dict[str, Any]) -> dict[str, Any]:
    supported = {"check mode": "supports_check_mode", "file arguments": "add_file_common_args"}
    return {
        **_spec(given["argument_spec"], given),
        "supports": [name for name, argument in supported.items() if given.get(argument)],
    }


def _spec(options: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any]:
    """Options and the rules between them, in one form for argument specs, documentation and roles."""
    found: dict[str, Any] = {"options": {name: _option(one) for name, one in options.items()}}
    wanted = {kind: _rule_list(kind, rules[kind]) for kind in _RULES if rules.get(kind)}
    return {**found, "rules": wanted} if wanted else found


def _rule_list(kind: str, given: Any) -> list[Any]:
    if kind == "required_by":
        return [[name, [needed] if isinstance(needed, str) else list(needed)] for name, needed in sorted(given.items())]
    # A single rule may be given without the list around it.
    rules = [given] if kind != "required_if" and isinstance(given[0], str) else given
    return [list(rule) for rule in rules]


def _option(given: dict[str, Any]) -> dict[str, Any]:
    kind = given.get("type", "str")
    found: dict[str, Any] = {"type": kind.__name__ if callable(kind) else kind}
    if given.get("required"):
        found["required"] = True
    if given.get("default") is not None:
        found["default"] = _plain(given["default"])
    for name in ("elements", "choices", "aliases"):
        if given.get(name):
            found[name] = given[name] if name == "elements" else list(given[name])
    # The environment variables, settings and Ansible variables that can also set the option.
    sources = [f"{name} {json.dumps(one, sort_keys=True)}" for name in ("env", "ini", "vars") for one in given.get(name, [])]
    if sources:
        found["sources"] = sources
    inner = given.get("suboptions") or given.get("options")
    return {**found, **_spec(inner, given)} if inner else found


def _plain(value: Any) -> Any:
    """A value from YAML, with line breaks in expressions normalized."""
    return _each_text(value, lambda text: " ".join(text.split()) if "{{" in text else text)


def _returns(given: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in given.items():
        found[name] = {key: value[key] for key in ("type", "elements") if key in value}
        if value.get("contains"):
            found[name]["contains"] = _returns(value["contains"])
    return found


def _documented(root: Path, path: Path) -> dict[str, Any]:
    given = _constant(path, "DOCUMENTATION")
    extended = given.get("extends_documentation_fragment", [])
    extended = [extended] if isinstance(extended, str) else extended
    options = dict(given.get("options", {}))
    for name in extended:
        if name.startswith(COLLECTION):
            fragment, dummy, part = name[len(COLLECTION) :].partition(".")
            shared = _constant(root / "plugins" / "doc_fragments" / (fragment + ".py"), part.upper() or "DOCUMENTATION")
            options.update(shared.get("options", {}))
    found = {
        **_spec(options, {}),
        "positional": [one.strip() for one in given.get("positional", "").split(",") if one.strip()],
        # The options of these fragments come from ansible-core and differ between its releases.
        "extends": sorted(one for one in extended if not one.startswith(COLLECTION)),
        "returns": _returns(_constant(path, "RETURN")),
    }
    return {name: value for name, value in found.items() if value}


def _role(path: Path) -> dict[str, Any]:
    entry_points = _yaml(path / "meta" / "argument_specs.yml")["argument_specs"]
    defaults = _plain(_yaml(path / "defaults" / "main.yml"))
    return {
        "entry points": {
            name: _spec({option: _with_alias(option, given, defaults) for option, given in one.get("options", {}).items()}, one)
            for name, one in entry_points.items()
        },
        "defaults": defaults,
    }


def _with_alias(name: str, given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Add a variable's old name as an alias. It is found in the default, because Ansible ignores aliases of variables."""
    old = re.match(r"\{\{ (\w+) \| default\(", str(defaults.get(name)))
    return {**given, "aliases": [*given.get("aliases", []), old.group(1)]} if old else given


def _plugins(root: Path, kind: str) -> list[Path]:
    return sorted(path for path in (root / "plugins" / kind).glob("*.py") if not path.name.startswith("_"))


def _constant(path: Path, name: str) -> dict[str, Any]:
    """The YAML in a constant of a Python file or of a class in it; empty if there is none."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and [one.id for one in node.targets if isinstance(one, ast.Name)] == [name]:
            return dict(yaml.safe_load(ast.literal_eval(node.value)) or {})
    return {}


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1], "galaxy.yml").exists():
        sys.exit("usage: snapshot.py ROOT, the folder with the collection's galaxy.yml")
    print(json.dumps(snapshot(Path(sys.argv[1])), indent=2, sort_keys=True, ensure_ascii=False))
