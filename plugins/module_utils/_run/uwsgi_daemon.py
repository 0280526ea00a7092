# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts and stops an Emperor without a supervisor, for the module ``uwsgi_daemon``."""

from __future__ import annotations

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from .. import _module
from .._errors import ArgumentError, HostError
from .._files.child import where_it_belongs
from .._host import daemon

_UMASK = 0o022


def run(module: AnsibleModule) -> Dict[str, Any]:
    """Bring the daemon to the requested state.

    Returns:
        the module's result.

    Raises:
        ArgumentError: and then nothing was changed.
        HostError: if it doesn't stop or doesn't start.
    """
    params = module.params
    # Ansible accepts null for a required value, and a restart must not stop what it can't start.
    for name in ("ini", "pidfile") if params["state"] == "stopped" else ("ini", "pidfile", "log"):
        if not params[name]:
            raise ArgumentError(name, "is empty; give a path")
    # A daemon that is only stopped may have been started with a pid file in another user's folder.
    for name in ("ini",) if params["state"] == "stopped" else ("ini", "pidfile", "log"):
        _module.secure(name, params[name])
    pid = where_it_belongs(lambda: daemon.running(params["pidfile"], params["ini"]))
    stops = pid is not None and params["state"] != "started"
    starts = params["state"] == "restarted" or (params["state"] == "started" and pid is None)
    if not module.check_mode:
        binary = _binary(module) if starts else ""
        if pid is not None and stops:
            daemon.stop(pid, params["timeout"])
            pid = None
        if starts:
            pid = _start(module, binary)
    return {"changed": stops or starts, "pid": pid}


def _binary(module: AnsibleModule) -> str:
    """Find the program before anything is stopped."""
    uwsgi = _module.host_uwsgi(module)
    if uwsgi.binary is None:
        raise ArgumentError("uwsgi_binary", f"the host has no {module.params['uwsgi_binary']}; install uWSGI first")
    if uwsgi.runner(None):
        raise ArgumentError("uwsgi_binary", f"another user can change {uwsgi.binary}; give one of root's")
    return uwsgi.binary


def _start(module: AnsibleModule, binary: str) -> int:
    params = module.params
    start = daemon.size(params["log"])
    daemon.hear_signals()
    argv = daemon.command(binary, params["ini"], params["pidfile"], params["log"])
    # The caller's umask may let others write the pid file and connect to the stats server.
    code, out, err = module.run_command(argv, close_fds=True, umask=_UMASK)
    if code:
        raise HostError(params["ini"], "uWSGI does not start on it: " + (err or out).strip())
    return daemon.wait_until_running(params["pidfile"], params["ini"], params["log"], start)
