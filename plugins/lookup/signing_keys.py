# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signing_keys
short_description: Read private signing keys from a folder on the controller, and create missing ones
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Reads the private keys that nodes sign their announcements with, and creates missing ones.
  - A new key's file has mode 0600 from its first byte, and is never partial. Two simultaneous runs get the same key.
  - It only reads and decrypts the keys that are asked for. With O(half=public) it decrypts no key whose public half is known,
    see O(directory).
  - Needs the Python package C(cryptography) on the controller to create keys.
options:
  _terms:
    description: The names of the keys' files, as the filter P(emperor.uwsgi.signing_key_names#filter) returns them.
    type: list
    elements: str
  vassals:
    description:
      - Return the O(half) of the keys that these vassals sign with, in the form for M(emperor.uwsgi.uwsgi_signing_keys),
        instead of the keys in O(_terms). It does the work of the filters P(emperor.uwsgi.signed_vassals#filter),
        P(emperor.uwsgi.signing_key_names#filter) and P(emperor.uwsgi.signing_keys#filter) in one step.
      - They may be in nested lists. It only reads C(subscriptions), C(key) and C(signing), and with O(owners) C(name) and
        C(owner).
    type: raw
  half:
    description:
      - Which half of the keys of O(vassals).
      - V(private) is for the node that runs them. All keys must be in O(signing_directory).
      - V(public) is for routers, in files with the names that uWSGI looks for. The vassals may be those of many nodes. During
        a rotation it is the half of the successor.
    type: str
    choices: [private, public]
    default: private
    version_added: 1.1.0
  owners:
    description:
      - Add to each private key of O(vassals) the C(owner) of the vassals that sign with it, for a tyrant Emperor. It is an
        error if vassals of two owners sign with the same key, or if a vassal has no owner.
    type: bool
    default: false
  signing_directory:
    description: The folder on the host where the private keys of O(vassals) are.
    type: str
  signing_digest:
    description: The digest of the signatures.
    type: str
    default: SHA256
  directory:
    description:
      - The folder. It is created with mode 0700 together with the first key. Files in it may be encrypted with ansible-vault.
        If one is, new keys are encrypted with the same password.
      - Its folder C(public) has the public half of each key that was made or whose public half was asked for, in
        C(NAME.pub.pem), which is not encrypted. It is an error if a public half does not belong to its private key.
    type: str
    required: true
  create:
    description: Create missing keys. If false, a missing key is an error.
    type: bool
    default: true
  ephemeral:
    description: Create missing keys in memory only, for check mode. Takes precedence over O(create).
    type: bool
    default: false
  successors:
    description:
      - Return the keys that a rotation created in the folder C(next) of O(directory) and that are not yet in O(directory)
        itself, instead of the keys in O(_terms). No key is created. With O(vassals), only the keys that they sign with.
    type: bool
    default: false
  type:
    description: The type of new keys, EC P-256 or RSA.
    type: str
    choices: [ec, rsa]
    default: ec
  size:
    description: The size of new RSA keys in bits, at least 2048.
    type: int
    default: 3072
seealso:
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The private keys that this host signs with
  emperor.uwsgi.uwsgi_signing_keys:
    path: /etc/uwsgi/keys/private
    owner: www-data
    signing_keys: "{{ emperor_vassals | emperor.uwsgi.signing_keys(private_keys, half='private') }}"
  vars:
    private_keys: >-
      {{ lookup('emperor.uwsgi.signing_keys', *(emperor_vassals | emperor.uwsgi.signing_key_names),
                directory=inventory_dir ~ '/signing_keys') }}
"""

RETURN = r"""
_raw:
  description:
    - One mapping of the files' names to the private keys in PEM. With O(vassals) a list of mappings, each with the name of its
      C(file), its C(content) and, with O(owners), its C(owner).
  type: list
  elements: raw
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.default_signing import signed_vassals
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._discretion import discreet
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._garbage import uncollected
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.halves import (
    announced,
    halves,
    key_names,
    key_owners,
    of_routers,
)
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.store import CREATE, IMAGINE, REFUSE, Store


class LookupModule(LookupBase):
    """The lookup ``signing_keys``."""

    @uncollected()
    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[Any]:
        """The keys by file name; raises AnsibleLookupError, which never quotes a key."""
        # Also Ansible's own errors, which quote an option of the wrong type.
        with discreet("emperor.uwsgi.signing_keys", AnsibleLookupError, terms, kwargs):
            self.set_options(var_options=variables, direct=kwargs)
            option = self.get_option
            store = Store(option("directory"), self._loader, option("type"), option("size"))
            missing = IMAGINE if option("ephemeral") else CREATE if option("create") else REFUSE
            if option("vassals") is not None:
                return [self._of_vassals(store, missing)]
            if option("successors"):
                return [store.successors()]
            return [store.keys(self._flatten(terms), missing)]

    def _of_vassals(self, store: Store, missing: str) -> list[dict[str, str]]:
        """The half of the keys that the option ``vassals`` requests."""
        option = self.get_option
        public, folder = option("half") == "public", option("signing_directory")
        if public and option("owners"):
            raise ArgumentError("owners", "is for the private half, which only its owner may read; leave it out with half=public")
        signed = signed_vassals(announced(option("vassals"), option("owners")), folder, option("signing_digest"))
        names = key_names(signed, None if public else folder)
        if public:
            found = of_routers(signed, store.public_halves(names, missing))
        elif option("successors"):
            successors = store.successors(names)
            found = [{"file": name, "content": successors[name]} for name in names if name in successors]
        else:
            found = halves(signed, store.keys(names, missing), "private")
        owners = key_owners(signed) if option("owners") else {}
        return [{**one, "owner": owners[one["file"]]} for one in found] if owners else found
