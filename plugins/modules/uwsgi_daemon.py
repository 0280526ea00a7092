#!/usr/bin/python
# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_daemon
short_description: Start or stop a uWSGI that no service manager supervises
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Starts uWSGI as a daemon with an ini file, or stops it by its PID file. It is for hosts without systemd, and for users
    without root.
  - Nothing restarts it when it dies. If the host has systemd, use that.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: linux
    support: full
options:
  ini:
    description: uWSGI configuration file.
    type: path
    required: true
  state:
    description:
      - V(restarted) stops it if it is running, and starts it.
    type: str
    choices: [started, stopped, restarted]
    default: started
  pidfile:
    description: Path of the PID file.
    type: path
    required: true
  log:
    description: Path of the log file. Required to start it.
    type: path
  uwsgi_binary:
    description: The host's uWSGI, as a path or as a name that is looked up in E(PATH).
    type: str
    default: uwsgi
  timeout:
    description: Seconds within which it must have started or stopped. It is stopped with SIGQUIT and never killed.
    type: int
    default: 90
"""

EXAMPLES = r"""
- name: Run an Emperor in my home
  emperor.uwsgi.uwsgi_daemon:
    ini: /home/me/uwsgi/emperor.ini
    pidfile: /home/me/uwsgi/run/emperor.pid
    log: /home/me/uwsgi/run/emperor.log
"""

RETURN = r"""
pid:
  description: Its process ID, null if it is not running.
  type: int
  returned: success
  sample: 4711
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
from ansible_collections.emperor.uwsgi.plugins.module_utils._run.uwsgi_daemon import run


def main() -> None:
    """Run the module."""
    module = DiscreetModule(
        argument_spec=spec.daemon(),
        required_if=[("state", "started", ["log"]), ("state", "restarted", ["log"])],
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
