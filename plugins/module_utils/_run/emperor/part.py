# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the input of the module ``uwsgi_emperor``, each with arguments like those of a separate module."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, cast

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ... import _bulk_argument, _module
from ..._errors import ArgumentError
from ..._live.files import Page

# Arguments that may be long, so they skip Ansible's checks of single values.
_BULKS = ("vassals", "signing_keys")
_TYPES = {dict: "a mapping", list: "a list", str: "text"}


class Part:
    """The module as a part of the run sees it, with arguments of its own."""

    def __init__(self, module: AnsibleModule, params: Dict[str, Any]) -> None:
        self.params = params
        self.check_mode = module.check_mode
        self._diff = module._diff
        self.warn: Callable[[str], None] = module.warn
        self.run_command = module.run_command


def part(module: AnsibleModule, place: str, specification: Dict[str, Any], given: Any) -> AnsibleModule:
    """The arguments of a part, as a separate module would have them; an empty one counts as not given.

    Raises:
        ArgumentError: for arguments that such a module rejects.
    """
    if not isinstance(given, dict):
        raise ArgumentError(place, "must be a mapping of arguments")
    bulks = {name: given[name] for name in _BULKS if name in given}
    rest = {name: value for name, value in given.items() if value not in ("", None, {}) and name not in bulks}
    found = ArgumentSpecValidator(specification).validate({**rest, **{name: [] for name in bulks}})
    if found.error_messages:
        raise ArgumentError(place, "; ".join(found.error_messages))
    return cast(AnsibleModule, Part(module, {**found.validated_parameters, **bulks}))


def desired(module: AnsibleModule, parts: Mapping[str, Any]) -> Dict[str, Any]:
    """The argument ``desired``.

    Args:
        parts: the required parts, each with its type.
    """
    found = _bulk_argument.unpack(module.params["desired"])
    if not isinstance(found, dict):
        raise ArgumentError("desired", f"must be a mapping with {', '.join(parts)}")
    for name, kind in parts.items():
        if not isinstance(found.get(name), kind):
            raise ArgumentError(f"desired.{name}", f"must be {_TYPES[kind]}")
    return found


def text_file(place: str, given: Any) -> Dict[str, Any]:
    """A file's path, content and mode."""
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in ("path", "content", "mode")):
        raise ArgumentError(place, "must be a mapping with path, content and mode")
    return given


def page_of(module: AnsibleModule, place: str, given: Any) -> Page:
    """The files of a live page."""
    return Page(place, given, _module.shared().uid, module.check_mode)
