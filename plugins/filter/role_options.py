# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: role_options
short_description: The options that a role sets, together with the user's
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - The roles P(emperor.uwsgi.emperor#role) and P(emperor.uwsgi.fastrouter#role) set some of uWSGI's options themselves, and users
    add theirs. This filter puts them together, and refuses what would replace something that the role depends on.
  - Values of C(emperor) are added to the role's own. What a variable of the role says is refused with the name of that variable,
    unless it says the same. So is what an argument of M(emperor.uwsgi.uwsgi_vassals) says. Everything else replaces the role's
    value, and null leaves it out.
positional: _input, given, variable
options:
  _input:
    description: The options that the role sets.
    type: dict
    required: true
  given:
    description: The user's options.
    type: dict
    required: true
  variable:
    description: The variable that holds the user's options.
    type: str
    choices: [emperor_options, emperor_default_options, fastrouter_options, fastrouter_http_options, fastrouter_https_options]
    required: true
seealso:
  - plugin: emperor.uwsgi.router_flaws
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Have the Emperor look in another folder as well
  ansible.builtin.debug:
    msg: "{{ own | emperor.uwsgi.role_options(given, 'emperor_options') }}"
  vars:
    own: {emperor: ["/etc/uwsgi/vassals/*.ini"], emperor-stats: /run/emperor-uwsgi/emperor-stats.sock}
    given: {emperor: "/srv/*/uwsgi.ini"}
"""

RETURN = r"""
_value:
  description: The options, and what was refused.
  type: dict
  contains:
    options:
      description: The role's options with those of the user's that are not refused.
      type: dict
      sample: {emperor: ["/etc/uwsgi/vassals/*.ini", "/srv/*/uwsgi.ini"]}
    flaws:
      description: A sentence for each option that is refused. It begins with the variable and the option.
      type: list
      elements: str
      sample: ["emperor_options.uid: is set by emperor_user; use that variable instead"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils import _role_options
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def role_options(own: Any, given: Any, variable: Any) -> dict[str, Any]:
    """The options and the flaws; raises AnsibleFilterError for arguments of other types."""
    found = _role_options.together(own, given, variable)
    return {"options": found.options, "flaws": found.flaws}


class FilterModule:
    """The filter ``role_options``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"role_options": role_options}
