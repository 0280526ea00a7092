#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_config_info
short_description: Read uWSGI configuration files that somebody else wrote
version_added: 1.1.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Reads the vassals in a host's folders (ini, YAML, JSON and XML) as text, with the files that they include. The playbook
    C(emperor.uwsgi.adopt) makes variables of the roles of them.
  - A file of another user is read as that user, and so is all that it includes. One that several users can change is not read.
  - Files that this collection wrote are left out.
  - A file may have up to 1 MiB, it and the files that it includes 2 MiB together, and all files of a task 32 MiB. Files beyond
    these limits are not read; RV(files[].error) or RV(files[].missing) says so.
  - The texts may hold passwords, so use C(no_log) on the task. Private keys in them are masked.
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
  paths:
    description:
      - Folders, files, or patterns such as V(/srv/*/uwsgi.ini), each with its absolute path. Of a folder the files are read whose
        names end as the Emperor knows them.
      - What is not there is listed in RV(absent), and no error.
    type: list
    elements: path
    default:
      - /etc/uwsgi/vassals
      - /etc/uwsgi/apps-enabled
      - /etc/uwsgi/emperor.ini
      - /etc/uwsgi-emperor/vassals
      - /etc/uwsgi-emperor/emperor.ini
      - /etc/uwsgi.d
      - /etc/uwsgi.ini
  included:
    description:
      - Further files that are read with a file, as its owner. A mapping of the paths of files to lists of paths.
      - A task need not give it, since the files that are included are found on the controller, and the host is asked again.
    type: dict
seealso:
  - plugin: emperor.uwsgi.adopted_variables
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the vassals of the host
  emperor.uwsgi.uwsgi_config_info:
    paths: [/etc/uwsgi/vassals]
  no_log: true
  register: there

- name: Show what could not be read
  ansible.builtin.debug:
    msg: "{{ item.path }} {{ item.error }}"
  loop: "{{ there.files | selectattr('error') }}"
  loop_control:
    label: "{{ item.path }}"
"""

RETURN = r"""
files:
  description: The files, in the order of O(paths) and of their names.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: The path.
      type: str
      sample: /etc/uwsgi/vassals/shop.ini
    text:
      description: The content, empty where it could not be read.
      type: str
    error:
      description: Why it could not be read, or empty.
      type: str
    owner:
      description: The name of the file's owner.
      type: str
      sample: root
    group:
      description: The name of the file's group.
      type: str
      sample: root
    others:
      description: The texts of the files that it includes, by their paths.
      type: dict
    missing:
      description: Why files that it includes could not be read, by their paths.
      type: dict
absent:
  description: Those of O(paths) that are not there.
  type: list
  elements: str
  returned: success
managed:
  description: The files that this collection wrote.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_config_info import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(
        argument_spec={
            "paths": {
                "type": "list",
                "elements": "path",
                "default": [
                    "/etc/uwsgi/vassals",
                    "/etc/uwsgi/apps-enabled",
                    "/etc/uwsgi/emperor.ini",
                    "/etc/uwsgi-emperor/vassals",
                    "/etc/uwsgi-emperor/emperor.ini",
                    "/etc/uwsgi.d",
                    "/etc/uwsgi.ini",
                ],
            },
            "included": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
