# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules with an argument of tens of thousands of values, such as the options of a thousand vassals.

From ansible-core 2.19 on, the template engine is set up anew for every single value, whether there is a template in it or not,
and for a thousand vassals that takes longer than all the rest of the task. Here it gets what may be a template.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils import _bulk_argument

from ._discreet_action import DiscreetAction
from ._garbage import uncollected

# What may be a template: Jinja's delimiters, or the head that sets others
# (JINJA2_OVERRIDE, ansible/_internal/_templating/_jinja_common.py). None of it can come from JSON's own punctuation.
_TEMPLATE = ("{{", "{%", "{#", "#jinja2:")
_PLAIN = (bool, int, float, type(None))


class _NotPlain(Exception):
    """A value that is for the template engine, with what is around it."""


def resolve(value: Any, template: Callable[[Any], Any]) -> Any:
    """Resolve the templates in the value of a variable, of any depth.

    Args:
        template: the template engine.
    """
    try:
        return _resolved(value, template)
    except _NotPlain:
        return template(value)


def _resolved(value: Any, template: Callable[[Any], Any]) -> Any:
    if isinstance(value, str):
        return _string(value, template)
    if isinstance(value, _PLAIN):
        return value
    # These and Ansible's own subclasses of them. All else, such as what is in ansible-vault, is for the engine.
    if not isinstance(value, (dict, list)):
        raise _NotPlain
    try:
        if isinstance(value, list):
            return [_resolved(member, template) for member in value]
        return {name: _resolved(member, template) for name, member in value.items()}
    except _NotPlain:
        return template(value)


def _may_be_template(text: str) -> bool:
    return any(head in text for head in _TEMPLATE)


def _string(value: str, template: Callable[[Any], Any]) -> Any:
    if not _may_be_template(value):
        return value
    try:
        return template(value)
    except Exception as exc:
        # It may be "omit", which leaves the place in the container around it, and only the engine knows.
        raise _NotPlain from exc


class BulkAction(DiscreetAction):
    """The collection's action for modules, but the argument ``BULK`` is resolved at once and goes to the host as one value."""

    BULK = ""

    @classmethod
    @uncollected()
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """Called for each argument by ansible-core 2.19 and newer, where it is experimental; older ones need it less."""
        return cls._finalized(value, templar) if name == cls.BULK else templar.template(value)

    @classmethod
    def _finalized(cls, value: Any, templar: Any) -> Any:
        """The bulk, packed where nothing in it is a template."""
        found = _resolved_parts(templar.resolve_to_container(value), templar)
        text = _json(found)
        return resolve(found, templar.template) if text is None or _may_be_template(text) else _bulk_argument.pack(text)

    @uncollected()
    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Run the module."""
        items = self._task.args.get(self.BULK)
        text = None if _bulk_argument.is_packed(items) else _json(items)
        if text is not None:
            self._task.args[self.BULK] = _bulk_argument.pack(text)
        found: dict[str, Any] = super().run(tmp, task_vars)
        return found


def _resolved_parts(value: Any, templar: Any) -> Any:
    """A mapping whose members, and theirs, may each be a template that gives a bulk; anything else as it is."""
    if not isinstance(value, dict):
        return value
    return {
        name: {inner: templar.resolve_to_container(one) for inner, one in part.items()} if isinstance(part, dict) else part
        for name, part in ((name, templar.resolve_to_container(part)) for name, part in value.items())
    }


def _json(items: Any) -> str | None:
    """A list or a mapping in JSON; None for what is neither, and for one with values that JSON doesn't have."""
    try:
        return json.dumps(items) if isinstance(items, (list, dict)) else None
    except (TypeError, ValueError):
        return None
