#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_certificate_info
short_description: Compare the certificates that uWSGI routers serve with their files
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - A router reads a certificate when it starts, or when a node announces it, and serves it until it is restarted. This module
    asks each router for each name, by a TLS handshake, and compares what it sends with the file. Nothing is remembered.
  - Only the server's own certificate is compared, not those between it and its authority.
  - It first checks each certificate and its key as a router would load them, as O(user). A pair that is worse than what is served
    now is an error, so that no router is restarted with it. Where the routers serve the very certificate that has expired, or
    that is for another name, that is a warning.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: It changes nothing.
  diff_mode:
    support: N/A
    details: It changes nothing.
  platform:
    platforms: posix
    support: full
options:
  certificates:
    description: What each router of this host should serve.
    type: list
    elements: dict
    required: true
    suboptions:
      router:
        description: The router's name, which RV(stale) has.
        type: str
        required: true
      address:
        description: Where it listens, as in its options. For all addresses, such as V(0.0.0.0:443), loopback is asked.
        type: str
        required: true
      name:
        description: The name that clients ask for (SNI). If empty, the router's own certificate is meant, which is for any name.
        type: str
        default: ""
      certificate:
        description: The file of the certificate, in PEM, with those between it and its authority.
        type: path
        required: true
      key:
        description: The file of its private key, in PEM.
        type: path
        required: true
  user:
    description: The user that the routers run as. By default, whoever runs the task.
    type: str
  timeout:
    description: Seconds for each connection and for each handshake.
    type: int
    default: 5
seealso:
  - module: emperor.uwsgi.uwsgi_reload
"""

EXAMPLES = r"""
- name: Find out whether the https router serves what is in the files
  emperor.uwsgi.uwsgi_certificate_info:
    certificates:
      - router: https
        address: 0.0.0.0:443
        certificate: /etc/uwsgi/tls/router.crt
        key: /etc/uwsgi/tls/router.key
      - router: https
        address: 0.0.0.0:443
        name: shop.example.com
        certificate: /etc/uwsgi/tls/shop.crt
        key: /etc/uwsgi/tls/shop.key
    user: www-data
  register: found

- name: Restart it where it doesn't
  emperor.uwsgi.uwsgi_reload:
    vassal: /etc/uwsgi/routers/https.ini
    emperor_stats: /run/emperor-uwsgi/emperor-stats.sock
    accepting: false
  when: "'https' in found.stale"
"""

RETURN = r"""
certificates:
  description: What was found, in the order of O(certificates).
  type: list
  elements: dict
  returned: success, and failure because of a certificate or a router
  contains:
    router:
      description: As it is given.
      type: str
    address:
      description: As it is given.
      type: str
    name:
      description: As it is given.
      type: str
    certificate:
      description: As it is given.
      type: str
    state:
      description:
        - V(current) where the router serves the certificate that is in the file, and V(stale) where it serves another one.
        - V(unannounced) where it serves its own certificate in place of that of the name, since no node has announced the name.
        - V(silent) where there was no handshake, with the reason in RV(certificates[].error).
      type: str
    end:
      description: When the certificate in the file ends.
      type: str
      returned: when the file can be read
    fingerprint:
      description: The SHA-256 of the certificate in the file.
      type: str
      returned: when the file can be read
    served_fingerprint:
      description: The SHA-256 of the certificate that is served.
      type: str
      returned: when there was a handshake
    problem:
      description: What is wrong with the files.
      type: str
      returned: when something is
    error:
      description: Why there was no handshake.
      type: str
      returned: when there was none
stale:
  description: The names of the routers that serve another certificate than a file has. They have to be restarted.
  type: list
  elements: str
  returned: success, and failure because of a certificate or a router
  sample: [https]
argument:
  description: The argument that can't be used.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_certificate_info import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(
        argument_spec={
            "certificates": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "router": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                    "name": {"type": "str", "default": ""},
                    "certificate": {"type": "path", "required": True},
                    "key": {"type": "path", "required": True, "no_log": False},
                },
            },
            "user": {"type": "str"},
            "timeout": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
