# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bed
short_description: Run tasks in a container of the test bed
description:
  - Runs commands with C(ENGINE exec -i), where ENGINE is podman or docker, or with a faster command from the test bed.
author:
  - The emperor.uwsgi authors
options:
  remote_addr:
    description: The name of the host, which is the container's name without the prefix.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
  prefix:
    description: The prefix of all containers' names.
    type: str
    default: bed-
    env:
      - name: BED_PREFIX
  engine:
    description: The container engine.
    type: str
    default: podman
    env:
      - name: BED_ENGINE
  state_dir:
    description:
      - The folder where C(tests/bed/bed) writes C(NAME.exec), a command that enters the container without the engine. It is four
        times as fast.
    type: str
    default: ''
    env:
      - name: BED_STATE_DIR
"""

import os
import shlex
import subprocess
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    """A container of the test bed; tasks run as root there."""

    transport = "bed"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def close(self) -> None:
        """Do nothing; no connection is kept open."""
        self._connected = False

    def _enter(self) -> list[str]:
        name = self.get_option("prefix") + self.get_option("remote_addr")
        quick = os.path.join(self.get_option("state_dir"), name + ".exec")
        if os.path.exists(quick):
            with open(quick, encoding="ascii") as stream:
                return stream.read().split()
        return [self.get_option("engine"), "exec", "-i", name]

    def _inside(self, command: str, data: bytes = b"") -> tuple[int, bytes, bytes]:
        argv = self._enter()
        try:
            done = subprocess.run([*argv, "/bin/sh", "-c", command], input=data, capture_output=True, check=False)
        except OSError as exc:
            raise AnsibleConnectionFailure(f"{argv[0]} does not start: {exc}") from exc
        return done.returncode, done.stdout, done.stderr

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._inside(cmd, in_data or b"")

    def put_file(self, in_path: str, out_path: str) -> None:
        """Send a file."""
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as stream:
            self._copied("cat > " + shlex.quote(out_path), stream.read())

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Get a file."""
        super().fetch_file(in_path, out_path)
        content = self._copied("cat < " + shlex.quote(in_path))
        with open(out_path, "wb") as stream:
            stream.write(content)

    def _copied(self, command: str, data: bytes = b"") -> Any:
        code, out, err = self._inside(command, data)
        if code:
            raise AnsibleError(f"{command}: {err.decode('utf-8', 'replace').strip()}")
        return out
