# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the differences between two snapshots that can break what users wrote for a release. Pure.

Some differences are allowed: something new that is optional, an option that is no longer required, a rule that forbids less, and
a new name for an option that keeps its old name as an alias. A role's variable may accept more types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# The path of something, and what happened to it.
Found = Iterator[tuple[tuple[str, ...], str]]
_GONE = "is gone"


def differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """The differences that can break users' work, by path, such as ``module uwsgi_drain / options / timeout``."""
    return {" / ".join(path): what for path, what in _things(old, new)}


def complaints(found: dict[str, str], rows: Iterable[str]) -> list[str]:
    """Differences without a row in the table, and rows without a difference."""
    expected = set(rows)
    unexpected = [f"{path}: {what}; no row says why" for path, what in found.items() if path not in expected]
    return unexpected + [f"{path}: has a row, but no difference" for path in sorted(expected - set(found))]


def _things(old: dict[str, Any], new: dict[str, Any]) -> Found:
    for name, thing in old.items():
        if name not in new:
            yield (name,), _GONE
        elif "entry points" in thing:
            yield from _below(_role(thing, new[name]), name)
        else:
            yield from _below(_thing(thing, new[name]), name)


def _thing(old: dict[str, Any], new: dict[str, Any]) -> Found:
    yield from _spec(old, new)
    yield from _below(_returns(old.get("returns", {}), new.get("returns", {})), "returns")
    for part in ("supports", "extends", "members", "paths"):
        yield from _below(_members(old.get(part, []), new.get(part, [])), part)
    positional = old.get("positional", [])
    if positional != new.get("positional", [])[: len(positional)]:
        yield ("positional",), _became(positional, new.get("positional", []))


def _role(old: dict[str, Any], new: dict[str, Any]) -> Found:
    everywhere = {name: one for entry_point in new["entry points"].values() for name, one in entry_point["options"].items()}
    # An entry point can use a role's variable without specifying it.
    variables = {name: one for name, one in everywhere.items() if name in new["defaults"]}
    for name, entry_point in old["entry points"].items():
        if name not in new["entry points"]:
            yield ("entry points", name), _GONE
            continue
        for path, what in _spec(entry_point, new["entry points"][name], variables):
            # A specification can't contain an expression as the default; ``_default`` compares the defaults instead.
            expression = path[-1] == "default" and _is_read_by_another(path[1], new["defaults"], everywhere)
            if not expression and not _takes_more(path, everywhere):
                yield ("entry points", name, *path), what
    for name, value in old["defaults"].items():
        yield from _below(_default(name, value, new["defaults"], everywhere), "defaults", name)


def _takes_more(path: tuple[str, ...], options: dict[str, Any]) -> bool:
    """Whether a variable now accepts any type: Ansible passes a raw value on unchanged."""
    return path[-1] in ("type", "elements") and len(path) == 3 and options[path[1]].get("type") == "raw"


def _default(name: str, old: Any, defaults: dict[str, Any], options: dict[str, Any]) -> Found:
    if name in defaults:
        if defaults[name] != old:
            yield (), _became(old, defaults[name])
    elif not _is_read_by_another(name, defaults, options):
        yield (), "is gone, and no variable with it as an alias has a default that reads it"
    else:
        new = str(defaults[str(_present(name, options))])
        if "{{" not in str(old) and str(old).lower() not in new.lower():
            yield (), _became(old, new)


def _is_read_by_another(name: str, defaults: dict[str, Any], options: dict[str, Any]) -> bool:
    """Whether a role still reads a renamed variable: Ansible ignores a variable's aliases, so the new default has to name it."""
    present = _present(name, options)
    return present != name and re.search(rf"{{{{.*\b{name}\b", str(defaults.get(present))) is not None


def _spec(old: dict[str, Any], new: dict[str, Any], elsewhere: dict[str, Any] | None = None) -> Found:
    """Differences of options and of the rules between them.

    Args:
        elsewhere: options to look at if ``new`` has an option under none of its names.
    """
    before, after = old.get("options", {}), new.get("options", {})
    names = {name: _present(name, after) for name in before}
    for name, option in before.items():
        found = after.get(names[name]) or (elsewhere or {}).get(name)
        if found is None:
            yield ("options", name), _GONE
        else:
            yield from _below(_option(option, found, names[name]), "options", name)
    for name, option in after.items():
        if name not in names.values() and option.get("required"):
            yield ("options", name), "is new and required"
    yield from _below(_rules(old, new, {now: name for name, now in names.items() if now}), "rules")


def _present(name: str, options: dict[str, Any]) -> str | None:
    """The present name of an option."""
    if name in options:
        return name
    return next((one for one, option in options.items() if name in option.get("aliases", [])), None)


def _option(old: dict[str, Any], new: dict[str, Any], name: str | None) -> Found:
    for part in ("type", "elements"):
        if old.get(part) != new.get(part):
            yield (part,), _became(old.get(part), new.get(part))
    # Nobody relied on the default of a required option.
    if old.get("default") != new.get("default") and not (old.get("required") and not new.get("required")):
        yield ("default",), _became(old.get("default"), new.get("default"))
    if new.get("required") and not old.get("required"):
        yield ("required",), "is required now"
    yield from _below(_members(old.get("aliases", []), [name, *new.get("aliases", [])]), "aliases")
    yield from _below(_members(old.get("sources", []), new.get("sources", [])), "sources")
    if "choices" in old and "choices" in new:
        yield from _below(_members(old["choices"], new["choices"]), "choices")
    elif "choices" in new:
        yield ("choices",), f"only {new['choices']} are allowed now"
    if "options" in old and "options" in new:
        yield from _spec(old, new)
    elif "options" in old:
        yield ("options",), _GONE
    elif "options" in new:
        yield ("options",), f"only {list(new['options'])} are allowed now"


def _rules(old: dict[str, Any], new: dict[str, Any], old_names: dict[str, str]) -> Found:
    """The rules that forbid what was allowed.

    Args:
        old_names: the options' names in the old snapshot, by their present names.
    """
    for kind, rules in new.get("rules", {}).items():
        before = old.get("rules", {}).get(kind, [])
        for given in rules:
            rule = _with_old_names(given, old_names)
            if rule not in before and not _HARMLESS[kind](rule, before, old.get("options", {}), new["options"]):
                yield (kind, ", ".join(map(str, rule))), "is a new rule"


def _with_old_names(rule: Any, old_names: dict[str, str]) -> Any:
    if isinstance(rule, list):
        return [_with_old_names(one, old_names) for one in rule]
    return old_names.get(rule, rule) if isinstance(rule, str) else rule


def _excludes_only_new(rule: list[str], before: list[list[str]], old: dict[str, Any], dummy: dict[str, Any]) -> bool:
    known = set(rule) & set(old)
    return len(known) < 2 or any(known <= set(one) for one in before)


def _joins_only_new(rule: list[str], before: list[list[str]], old: dict[str, Any], dummy: dict[str, Any]) -> bool:
    return not set(rule) & set(old) or any(set(rule) <= set(one) for one in before)


def _offers_more(rule: list[str], before: list[list[str]], old: dict[str, Any], dummy: dict[str, Any]) -> bool:
    # A required option counts as such a rule.
    return any(set(one) <= set(rule) for one in before) or any(old.get(name, {}).get("required") for name in rule)


def _asks_only_with_new(rule: list[Any], before: list[list[Any]], old: dict[str, Any], new: dict[str, Any]) -> bool:
    name, value = rule[:2]
    if name in old:
        return "choices" in old[name] and value not in old[name]["choices"]
    return bool(new[name].get("default") != value)


def _needs_less(rule: list[Any], before: list[list[Any]], old: dict[str, Any], dummy: dict[str, Any]) -> bool:
    return rule[0] not in old or any(rule[0] == name and set(rule[1]) <= set(needed) for name, needed in before)


_HARMLESS: dict[str, Callable[..., bool]] = {
    "mutually_exclusive": _excludes_only_new,
    "required_together": _joins_only_new,
    "required_one_of": _offers_more,
    "required_if": _asks_only_with_new,
    "required_by": _needs_less,
}


def _returns(old: dict[str, Any], new: dict[str, Any]) -> Found:
    for name, value in old.items():
        if name not in new:
            yield (name,), _GONE
            continue
        for part in ("type", "elements"):
            if value.get(part) != new[name].get(part):
                yield (name, part), _became(value.get(part), new[name].get(part))
        yield from _below(_returns(value.get("contains", {}), new[name].get("contains", {})), name, "contains")


def _members(old: list[Any], new: list[Any]) -> Found:
    for one in old:
        if one not in new:
            yield (str(one),), _GONE


def _became(old: Any, new: Any) -> str:
    return f"was {old!r}, is {new!r}"


def _below(found: Found, *path: str) -> Found:
    for inner, what in found:
        yield (*path, *inner), what
