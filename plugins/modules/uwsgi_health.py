#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_health
short_description: Write the health gate of a host's vassals
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Writes a small program, C(gate.pyz), and its checks, C(checks.json). While the program runs, it checks every vassal that
    has C(health) at its interval. It drains a vassal that fails, as M(emperor.uwsgi.uwsgi_drain) does, and restores it when it
    passes again.
  - The gate drains for a reason of its own. So it does not end an operator's drain, and an operator does not end the gate's.
  - The role P(emperor.uwsgi.emperor#role) lets the Emperor run the program. Without the role, run it yourself. It needs only
    Python 3.8, reads its checks again when they change, and restores the nodes that it took out when it is stopped.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - emperor.uwsgi.directory
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
    support: full
options:
  vassals:
    description:
      - The vassals as for M(emperor.uwsgi.uwsgi_vassals). Those with C(health) are checked. C(health) is a mapping with these
        members.
      - C(path), which is requested from the vassal's first socket, or C(command), which the shell runs. A status of 2xx or
        3xx, or exit code 0, passes.
      - C(host), the Host header of the request. By default the first key.
      - C(interval), seconds from one check to the next, 5 by default, and C(timeout), seconds for one check, 1 by default.
      - C(fall), failures in a row that take the node out, 3 by default, and C(rise), successes in a row that restore it, 2 by
        default.
    type: list
    elements: dict
    required: true
  vassals_path:
    description: The directory of the vassals' files.
    type: path
    required: true
  mode:
    description: The mode of the files in octal. By default the old files' mode, or what the process's umask allows.
    type: raw
seealso:
  - module: emperor.uwsgi.uwsgi_drain
"""

EXAMPLES = r"""
- name: Write the health gate
  emperor.uwsgi.uwsgi_health:
    path: /etc/uwsgi/health
    directory_mode: "0755"
    mode: "0644"
    vassals_path: /etc/uwsgi/vassals
    vassals:
      - name: shop
        subscriptions:
          - server: 10.0.0.2:2626
            key: shop.example.com
        health:
          path: /health
          interval: 2
"""

RETURN = r"""
path:
  description: The directory.
  type: str
  returned: success
program:
  description:
    - The program. It is run as C(python3 gate.pyz checks.json). If a third file is given, it writes the results of the last
      checks there for the live page. Its folder must belong to root or to the user that runs it.
  type: str
  returned: success
  sample: /etc/uwsgi/health/gate.pyz
checks:
  description: The checks.
  type: list
  elements: dict
  returned: success
argument:
  description: The argument that is wrong.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils import _zip_imports

# Before the imports that it makes faster.
_zip_imports.compile_once()

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_health import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(argument_spec=spec.health(), supports_check_mode=True)
    finish(module, run, "path")


if __name__ == "__main__":
    main()
