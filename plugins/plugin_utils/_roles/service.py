# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files with which systemd runs an Emperor. Pure."""

from __future__ import annotations

import shlex

from . import emperor
from .variables import Emperor

_MARK = "# Managed by Ansible, role emperor.uwsgi.emperor\n"
_UNIT = """\
[Unit]
Description=uWSGI Emperor
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
{notify}ExecStart={binary} --ini {ini}
# SIGTERM reloads uWSGI 2.0.
KillSignal=SIGQUIT
KillMode=mixed
# Longer than the Emperor waits for its vassals, so that none is killed with a request in flight.
TimeoutStopSec={stop_timeout}
Restart=always
RestartSec=1
LimitNOFILE={max_fd}
{user}RuntimeDirectory={runtime}
RuntimeDirectoryMode=0755

{why}CapabilityBoundingSet={most}
AmbientCapabilities={ambient}
NoNewPrivileges=true
ProtectSystem=full
# The health gate holds vassals out by files there.
ReadWritePaths=-{writable}
ProtectHome=read-only
PrivateTmp=true
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
LockPersonality=true
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
"""
_TYRANT_NOTIFY = """\
# No tenant speaks for the service, and none sees another's processes.
NotifyAccess=main
ProtectProc=invisible
"""
# A tyrant Emperor is root, and the live page's group may read its stats as well.
_SHARED = "Group={group}\n"
_TYRANT_WHY = "# What root needs to become each tenant, and to kill a vassal that doesn't stop.\n"
_WRAPPER = """\
#
# The Emperor runs it as "run-vassal --ini FILE". Each vassal gets a stream of its own to the journal, under its name. uWSGI's own
# loggers go through a pipe that doesn't block: in a burst they lose lines, and the application's print raises an error.
name=${{2##*/}}
if [ -S /run/systemd/journal/stdout ]; then
  exec systemd-cat --identifier="${{name%.ini}}" -- {binary} "$@"
fi
exec {binary} "$@"
"""


def path(given: Emperor) -> str:
    """The path of the unit (systemd.unit(5))."""
    return f"/etc/systemd/system/{given.service}.service"


def unit(given: Emperor, binary: str) -> str:
    """The Emperor's unit.

    Args:
        binary: uWSGI's path.
    """
    return _MARK + _UNIT.format(
        notify=_TYRANT_NOTIFY if given.tyrant else "NotifyAccess=all\n",
        binary=binary,
        ini=emperor.paths(given).ini,
        stop_timeout=emperor.stop_timeout(given),
        max_fd=given.max_fd,
        user=_user(given),
        runtime=given.run_dir.removeprefix("/run/"),
        why=_TYRANT_WHY if given.tyrant else "",
        most=" ".join(emperor.capabilities(given)),
        ambient=" ".join(given.capabilities),
        writable=" -".join([given.suspend_dir, *given.writable_paths]),
    )


def _user(given: Emperor) -> str:
    """The user of the service; root for a tyrant Emperor."""
    if given.tyrant:
        return _SHARED.format(group=given.group) if emperor.shares_stats(given) else ""
    return f"User={given.user}\nGroup={given.group}\n" if given.user else ""


def wrapper(binary: str) -> str:
    """The program that adds each vassal's name to its lines in the journal."""
    return "#!/bin/sh\n" + _MARK + _WRAPPER.format(binary=shlex.quote(binary))
