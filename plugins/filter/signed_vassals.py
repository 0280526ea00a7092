# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signed_vassals
short_description: Sign the subscriptions of vassals
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Adds C(signing) to every subscription that has none, with a private key of its own. The key's file is named by
    P(emperor.uwsgi.signing_key_file#filter). A subscription to several keys becomes one for each key.
  - A subscription with C(signing) is not changed. With C(signing=false) it stays unsigned.
positional: _input, directory, digest, succeeding, uwsgi_version
options:
  _input:
    description: Vassals as for M(emperor.uwsgi.uwsgi_vassals), in a list, which may hold lists.
    type: list
    elements: raw
    required: true
  directory:
    description: The folder on the nodes where their private keys are.
    type: str
    required: true
  digest:
    description: The digest of the signatures.
    type: str
    default: SHA256
  succeeding:
    description:
      - The names of those files in O(directory) that are being rotated. What they sign is announced a second time, signed with
        the successor of that name in the folder C(next) of O(directory). So routers may know either key.
    type: list
    elements: str
    default: []
  uwsgi_version:
    description:
      - The release of the routers. Routers of V(2.1) and newer check all mountpoints of a domain with one key. For
        C(shop.example.com/blog) they look for C(shop.example.com.pem).
    type: str
    default: "2.0"
    version_added: 1.1.0
"""

EXAMPLES = r"""
- name: Write the vassals, signed
  emperor.uwsgi.uwsgi_vassals:
    path: /etc/uwsgi/vassals
    vassals: "{{ vassals | emperor.uwsgi.signed_vassals('/etc/uwsgi/keys/private') }}"
  vars:
    vassals:
      - name: shop
        options:
          socket: 10.0.0.7:3031
          wsgi-file: /srv/shop/app.py
        subscriptions:
          - server: 10.0.0.2:2626
            key: shop.example.com
"""

RETURN = r"""
_value:
  description: The vassals.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import default_signing
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import parse_release
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def signed_vassals(
    vassals: Any, directory: Any, digest: Any = "SHA256", succeeding: Any = (), uwsgi_version: Any = "2.0"
) -> list[Any]:
    """The vassals with their subscriptions signed; raises AnsibleFilterError for anything that isn't a vassal."""
    release = parse_release("uwsgi_version", str(uwsgi_version))
    return default_signing.signed_vassals(vassals, directory, digest, succeeding, release=release)


class FilterModule:
    """The filter ``signed_vassals``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"signed_vassals": signed_vassals}
