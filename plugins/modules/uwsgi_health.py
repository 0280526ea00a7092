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
  - Writes a small program, C(gate.pyz), and its checks, C(checks.json). While the program runs, it asks every vassal that has
    C(health) at its interval, takes one that fails out of its pools as M(emperor.uwsgi.uwsgi_drain) does, and brings it back when
    it is well again.
  - The gate holds a node out by a reason of its own, so it undoes no drain of an operator, and no operator undoes its.
  - Something has to run it. The role P(emperor.uwsgi.emperor#role) lets the Emperor do that. The program needs Python 3.8 and
    nothing else, reads its checks again when they change, and when it is stopped lets the nodes in that it held out.
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
      - The vassals as for M(emperor.uwsgi.uwsgi_vassals). Those with C(health) are checked, which is a mapping of the following.
      - C(path), what is requested of the vassal's first socket, where an answer of 2xx or 3xx is well, or C(command), for the
        shell, where exit code 0 is.
      - C(host), the Host header of the request. By default the first key.
      - C(interval), seconds from one check to the next, 5 by default, and C(timeout), seconds of one, 1 by default.
      - C(fall), failures in a row that take the node out, 3 by default, and C(rise), successes in a row that bring it back, 2 by
        default.
    type: list
    elements: dict
    required: true
  vassals_path:
    description: The directory of the vassals' files.
    type: path
    required: true
  mode:
    description: The mode of the files in octal. By default that of the old files, or by the process's umask.
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
    - The program. It is run as C(python3 gate.pyz checks.json). With a third file, in a folder of root's or of its own
      user's, it writes the results of the last checks there, for the live page.
  type: str
  returned: success
  sample: /etc/uwsgi/health/gate.pyz
checks:
  description: The checks.
  type: list
  elements: dict
  returned: success
argument:
  description: The argument that can't be used.
  type: str
  returned: failure because of an argument
"""

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._module import DiscreetModule, finish
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_health import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(argument_spec=spec.health(), supports_check_mode=True)
    finish(module, run, "path")


if __name__ == "__main__":
    main()
