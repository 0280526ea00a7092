# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signing_key_file
short_description: The name of the file with a subscription key's signing key
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Returns the name of the file in which a router looks for the public half of a subscription's key. Every byte that is not a
    letter, a digit, C(.), C(_) or C(-) becomes C(_), and C(.pem) is appended.
positional: _input, uwsgi_version
options:
  _input:
    description: A subscription's key, usually a domain.
    type: str
    required: true
  uwsgi_version:
    description:
      - The release of the routers. Routers of V(2.1) and newer check all mountpoints of a domain with one key. For
        C(shop.example.com/blog) they look for C(shop.example.com.pem).
    type: str
    default: "2.0"
    version_added: 1.1.0
seealso:
  - plugin: emperor.uwsgi.signing_keys
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show test.uwsgi.it_8000.pem
  ansible.builtin.debug:
    msg: "{{ 'test.uwsgi.it:8000' | emperor.uwsgi.signing_key_file }}"
"""

RETURN = r"""
_value:
  description: The file's name.
  type: str
  sample: test.uwsgi.it_8000.pem
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import values
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import parse_release
from ansible_collections.emperor.uwsgi.plugins.module_utils._keys import file_names
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors


@filter_errors
def signing_key_file(value: Any, uwsgi_version: Any = "2.0") -> str:
    """The file name for one key; raises AnsibleFilterError for an invalid key."""
    release = parse_release("uwsgi_version", str(uwsgi_version))
    return file_names.file_name("key", file_names.key_file(values.key("key", value), release))


class FilterModule:
    """The filter ``signing_key_file``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"signing_key_file": signing_key_file}
