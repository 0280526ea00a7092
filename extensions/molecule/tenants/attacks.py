# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attacks of a tenant's process on its host, from within the service. As a program it prints those that worked, one per line."""

import ctypes
import os
import socket
import time

_CLONE_NEWUSER = 0x10000000
_ADDR_NO_RANDOMIZE = 0x0040000
_LIBC = ctypes.CDLL(None, use_errno=True)


def _written(path):
    with open(path, "a"):
        pass


def _called(name, *arguments):
    if getattr(_LIBC, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def _connected(path):
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(path)


def _set_uid_file():
    # In the service's private /tmp, or in the host's.
    path = f"/tmp/attack-{os.getpid()}"
    _written(path)
    try:
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)


def _process_of_another():
    if not any(os.stat(f"/proc/{name}").st_uid != os.getuid() for name in os.listdir("/proc") if name.isdigit()):
        raise PermissionError


def _privileges():
    with open("/proc/self/status") as status:
        if "NoNewPrivs:\t1" in status.read():
            raise PermissionError


def _disk():
    if not {"mem", "port", "kmsg", "fuse", "loop-control", "kvm"} & set(os.listdir("/dev")):
        raise PermissionError


# Each attack raises an exception if it is refused.
ATTACKS = {
    "a file in /etc": lambda: _written("/etc/attack"),
    "a file in /usr": lambda: _written("/usr/attack"),
    "a file among the vassals": lambda: _written("/etc/uwsgi/vassals/attack.ini"),
    "a file among the keys": lambda: _written("/etc/uwsgi/keys/private/attack.pem"),
    "a file in the Emperor's folder": lambda: _written("/run/emperor-uwsgi/attack"),
    "another tenant's suspend folder": lambda: _written("/etc/uwsgi/suspend/bob/attack"),
    "a list of the keys": lambda: os.listdir("/etc/uwsgi/keys/private"),
    "another tenant's vassal": lambda: open("/etc/uwsgi/vassals/wiki.ini").close(),
    "the Emperor's stats": lambda: _connected("/run/emperor-uwsgi/emperor-stats.sock"),
    "root's id": lambda: os.setuid(0),
    "another group": lambda: os.setgroups([0]),
    "programs that gain privileges": _privileges,
    "a file that gives its owner's id": _set_uid_file,
    "another user's process": _process_of_another,
    "a user name space": lambda: _called("unshare", _CLONE_NEWUSER),
    "another personality": lambda: _called("personality", _ADDR_NO_RANDOMIZE),
    "packets of the network": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "a real-time priority": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "the host's name": lambda: socket.sethostname("attack"),
    "the kernel's log": lambda: open("/dev/kmsg").close(),
    "a setting of the kernel": lambda: _written("/proc/sys/kernel/core_pattern"),
    "a control group": lambda: os.mkdir("/sys/fs/cgroup/attack"),
    "a disk or the memory": _disk,
    "a file in its home": lambda: _written(os.path.expanduser("~/attack")),
}


def worked():
    """The names of the attacks that were not refused. It also tries to set the service's status."""
    manager = os.environ.get("NOTIFY_SOCKET")
    if manager:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
            datagrams.sendto(b"STATUS=attacked", "\0" + manager[1:] if manager.startswith("@") else manager)
    found = []
    for name, attack in ATTACKS.items():
        try:
            attack()
        except (OSError, PermissionError):
            continue
        found.append(name)
    return found


if __name__ == "__main__":
    print("\n".join(worked()))
