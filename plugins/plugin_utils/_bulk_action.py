# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules with an argument of tens of thousands of values, such as the options of a thousand vassals.

Since ansible-core 2.19, the template engine is set up again for every single value, with or without a template. For a
thousand vassals that takes longer than the rest of the task. Here the engine only gets values that may be templates.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils import _bulk_argument

from ._discreet_action import DiscreetAction
from ._garbage import uncollected

# Signs of a template: Jinja's delimiters, or the header that sets others
# (JINJA2_OVERRIDE, ansible/_internal/_templating/_jinja_common.py). JSON's own punctuation can't produce any of them.
_TEMPLATE = ("{{", "{%", "{#", "#jinja2:")
_PLAIN = (bool, int, float, type(None))


class _NotPlain(Exception):
    """A value is for the template engine, together with its container."""


def resolve(value: Any, template: Callable[[Any], Any]) -> Any:
    """Resolve the templates in a nested value of a variable.

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
    # These, and Ansible's own subclasses of them. The engine resolves everything else, such as vault-encrypted values.
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
        # It may be "omit", which removes its place from the container, and only the engine can do that.
        raise _NotPlain from exc


class BulkAction(DiscreetAction):
    """The collection's action for modules. The argument ``BULK`` is resolved in one step and sent to the host as one value."""

    BULK = ""

    @classmethod
    @uncollected()
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """Called for each argument by ansible-core 2.19 and newer, as an experimental interface; older ones need it less."""
        return cls._finalized(value, templar) if name == cls.BULK else templar.template(value)

    @classmethod
    def _finalized(cls, value: Any, templar: Any) -> Any:
        """The bulk, packed if nothing in it is a template."""
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
    """A mapping whose members, and their members, may each be a template for a bulk; anything else unchanged."""
    if not isinstance(value, dict):
        return value
    return {
        name: {inner: templar.resolve_to_container(one) for inner, one in part.items()} if isinstance(part, dict) else part
        for name, part in ((name, templar.resolve_to_container(part)) for name, part in value.items())
    }


def _json(items: Any) -> str | None:
    """A list or mapping as JSON; None for other values, and for values that JSON doesn't have."""
    try:
        return json.dumps(items, check_circular=False, separators=(",", ":")) if isinstance(items, (list, dict)) else None
    except (TypeError, ValueError, RecursionError):
        return None
