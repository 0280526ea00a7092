#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_signing_keys
short_description: Install a directory of signing keys in one call
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Writes all signing keys of a host into a directory. One task is enough for thousands of keys. Each file has its owner and
    mode from the first byte.
  - Logs, results and diffs never show a key, only its fingerprint.
  - If one key has an error, no file is written.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - emperor.uwsgi.directory
  - emperor.uwsgi.directory.purge
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows the half and the fingerprint, never the key.
  platform:
    platforms: posix
    support: full
options:
  signing_keys:
    description:
      - The keys, as the filter P(emperor.uwsgi.signing_keys#filter) returns them.
    type: list
    elements: dict
    required: true
    suboptions:
      file:
        description:
          - The file's name, as the filter P(emperor.uwsgi.signing_key_file#filter) returns it. Letters, digits and C(. _ -),
            with C(.pem) at the end.
        type: str
        required: true
      content:
        description:
          - The key in PEM, RSA or EC, the private half (C(PRIVATE KEY), C(RSA PRIVATE KEY), C(EC PRIVATE KEY)) or the public
            one (C(PUBLIC KEY)). It must not have a passphrase, because uWSGI cannot ask for it.
        type: str
        required: true
      owner:
        description:
          - The file's owner, by default O(owner).
        type: str
  tyrant:
    description:
      - The keys are for the vassals of a tyrant Emperor. Each key needs an C(owner). The directory belongs to root, and its
        O(directory_mode) must let all owners through, for example V('0711').
    type: bool
    default: false
  purge_limit:
    description:
      - How many percent of this module's files in the directory O(purge) may remove. If it would remove more, the task fails
        and nothing is changed.
    type: int
    default: 100
    version_added: 1.1.0
  mode:
    description: The mode of the files in octal.
    type: raw
    default: "0400"
notes:
  - A key's file begins with a comment line, by which O(purge) recognises this module's files. OpenSSL and uWSGI ignore it.
seealso:
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: filter
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Install the private key that signs the shop's announcements
  emperor.uwsgi.uwsgi_signing_keys:
    path: /etc/uwsgi/keys/private
    directory_mode: "0700"
    owner: www-data
    group: www-data
    purge: true
    signing_keys:
      - file: shop.example.com.pem
        content: "{{ lookup('ansible.builtin.file', 'signing_keys/shop.example.com.pem') }}"
"""

RETURN = r"""
path:
  description: The directory.
  type: str
  returned: success
created:
  description: The names of the files that are new.
  type: list
  elements: str
  returned: success
  sample: [shop.example.com.pem]
updated:
  description: The names of the files that changed, in content, owner, group or mode.
  type: list
  elements: str
  returned: success
removed:
  description: The names of the files that were removed.
  type: list
  elements: str
  returned: success
unchanged:
  description: The names of the other files of O(signing_keys).
  type: list
  elements: str
  returned: success
argument:
  description: The argument that is wrong.
  type: str
  returned: failure because of an argument
  sample: signing_keys[3].content
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_signing_keys import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(argument_spec=spec.signing_keys(), supports_check_mode=True)
    finish(module, run, "path")


if __name__ == "__main__":
    main()
