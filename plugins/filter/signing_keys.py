# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signing_keys
short_description: The halves of signing keys that a host needs
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Returns the list for M(emperor.uwsgi.uwsgi_signing_keys), with only the keys that the subscriptions sign with, each once,
    sorted.
  - It is an error if a signed subscription has no private key, if two keys have the same file name, or if a key is signed with
    two private keys.
  - Needs the Python package C(cryptography) on the controller.
positional: _input, private_keys, half, uwsgi_version
options:
  _input:
    description:
      - Subscriptions as for M(emperor.uwsgi.uwsgi_subscription), vassals with C(subscriptions) as for
        M(emperor.uwsgi.uwsgi_vassals), or lists of either, which may be nested.
      - It only reads C(subscriptions), C(key) and C(signing).
    type: raw
    required: true
  private_keys:
    description: A mapping to the private keys in PEM, from the file name in C(signing) or from the subscription's key.
    type: dict
    required: true
  half:
    description:
      - V(private) is for a host that signs, with a file for every file that C(signing) names.
      - V(public) is for a router, with a file for every key that is signed, named as the router looks for it.
    type: str
    choices: [private, public]
    required: true
  uwsgi_version:
    description:
      - The release of the routers. Routers of V(2.1) and newer check all mountpoints of a domain with one key. For
        C(shop.example.com/blog) they look for C(shop.example.com.pem).
    type: str
    default: "2.0"
    version_added: 1.1.0
seealso:
  - module: emperor.uwsgi.uwsgi_signing_keys
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: The public keys of all that the nodes sign with
  emperor.uwsgi.uwsgi_signing_keys:
    path: /etc/uwsgi/keys/public
    mode: "0444"
    purge: true
    signing_keys: "{{ subscriptions | emperor.uwsgi.signing_keys(private_keys, half='public') }}"
  vars:
    subscriptions: "{{ groups['nodes'] | map('extract', hostvars, 'emperor_vassals') | flatten }}"
    private_keys:
      shop.example.com.pem: "{{ lookup('ansible.builtin.file', 'signing_keys/shop.example.com.pem') }}"
"""

RETURN = r"""
_value:
  description: The keys, each with the name of its C(file) and its C(content) in PEM.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import parse_release
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.halves import halves


@filter_errors
def signing_keys(subscriptions: Any, private_keys: Any, half: Any, uwsgi_version: Any = "2.0") -> list[dict[str, str]]:
    """Files and contents; raises AnsibleFilterError, which names the key and never its content."""
    return halves(subscriptions, private_keys, half, parse_release("uwsgi_version", str(uwsgi_version)))


class FilterModule:
    """The filter ``signing_keys``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"signing_keys": signing_keys}
