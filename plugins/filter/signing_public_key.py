# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signing_public_key
short_description: The public half of a signing key
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Returns the public half of a private key in PEM, RSA or EC. A router checks signatures with it.
  - Needs the Python package C(cryptography) on the controller.
positional: _input
options:
  _input:
    description: The private key in PEM. It may be a variable that ansible-vault encrypted.
    type: str
    required: true
seealso:
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Put a public key beside its private one
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'signing_keys/shop.example.com.pem') | emperor.uwsgi.signing_public_key }}"
    dest: "{{ playbook_dir }}/shop.example.com.pub.pem"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The public key in PEM.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.crypto import public_half
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._signing.halves import key_text


@filter_errors
def signing_public_key(value: Any) -> str:
    """The public key in PEM; raises AnsibleFilterError if the value isn't a private key, without quoting it."""
    return public_half("private key", key_text("private key", value))


class FilterModule:
    """The filter ``signing_public_key``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"signing_public_key": signing_public_key}
