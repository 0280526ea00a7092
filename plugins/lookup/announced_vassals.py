# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: announced_vassals
short_description: What the vassals of other hosts announce
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Reads C(emperor_vassals) of other hosts in the inventory. A router needs this to know which keys they sign with.
  - Of each vassal it resolves only C(name), and of its C(subscriptions) only C(key), C(signing) and C(sni_*), with C(server)
    beside C(sni_*). Other values may need facts that were not gathered.
  - If a value cannot be resolved, the error names the host and the vassal. No vassal is left out.
options:
  _terms:
    description: The hosts.
    type: list
    elements: str
seealso:
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Who announces what
  ansible.builtin.debug:
    msg: "{{ query('emperor.uwsgi.announced_vassals', groups['all']) }}"
"""

RETURN = r"""
_raw:
  description:
    - A mapping for each host, with C(host), and with its C(vassals), a list of mappings with C(name) and C(subscriptions). A host
      without the variable C(emperor_vassals) has no C(vassals).
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discretion import discreet
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._garbage import uncollected
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._roles.other_hosts import of_hosts


class LookupModule(LookupBase):
    """The lookup ``announced_vassals``."""

    @uncollected()
    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[Any]:
        """The announcements of each host; raises AnsibleLookupError."""
        with discreet("emperor.uwsgi.announced_vassals", AnsibleLookupError, terms):
            self.set_options(var_options=variables, direct=kwargs)
            return of_hosts(self._flatten(terms), variables["hostvars"], self._templar)
