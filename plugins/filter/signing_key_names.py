# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signing_key_names
short_description: The names of the private keys that subscriptions sign with
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Returns the names of the files in C(signing), without their folders, each once, sorted. They are the terms of the lookup
    P(emperor.uwsgi.signing_keys#lookup).
positional: _input, directory
options:
  _input:
    description:
      - Subscriptions as for M(emperor.uwsgi.uwsgi_subscription), vassals with C(subscriptions) as for
        M(emperor.uwsgi.uwsgi_vassals), or lists of either, which may be nested.
      - It only reads C(subscriptions), C(key) and C(signing).
    type: raw
    required: true
  directory:
    description: The folder that all of them must be in. By default they may be anywhere.
    type: str
seealso:
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: The private keys that this host signs with
  ansible.builtin.debug:
    msg: "{{ emperor_vassals | emperor.uwsgi.signing_key_names }}"
"""

RETURN = r"""
_value:
  description: The names.
  type: list
  elements: str
  sample: [shop.example.com.pem]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.halves import key_names


@filter_errors
def signing_key_names(subscriptions: Any, directory: Any = None) -> list[str]:
    """The names; raises AnsibleFilterError for a file that isn't in the folder."""
    return key_names(subscriptions, directory)


class FilterModule:
    """The filter ``signing_key_names``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"signing_key_names": signing_key_names}
