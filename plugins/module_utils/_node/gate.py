# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health gate: a program on a managed host that takes failing nodes out of their pools and brings them back.

It runs without Ansible from the archive that ``uwsgi_health`` writes, on a file of checks. It holds a node out with a reason of
its own (``suspend``), so it and operators can't undo each other's drains. When the gate stops, it holds nothing out.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any, Dict, List, Optional

from .._errors import ArgumentError, HostError
from .._files import opened, temporary
from .._files.child import on_behalf_of
from .._ini.instance import Instance, read, suspend_files
from . import probe, suspend
from .probe import Check
from .unsubscribe import Farewell

# Seconds between checks whether the program or its checks have changed.
_LOOK = 1.0


class Verdict:
    """Takes a node out after a number of failures in a row, and brings it back after a number of successes in a row.

    Args:
        out: whether it is out initially.
    """

    def __init__(self, fall: int, rise: int, out: bool = False) -> None:
        self._fall = fall
        self._rise = rise
        self._row = 0
        self.out = out

    def add(self, well: bool) -> bool:
        """Count one result.

        Returns:
            whether ``out`` changed.
        """
        self._row = self._row + 1 if well == self.out else 0
        if self._row < (self._rise if self.out else self._fall):
            return False
        self.out = not self.out
        self._row = 0
        return True


class Keeper:
    """Keeps one vassal in its pools while its check succeeds.

    Attributes:
        result: of the last check; None if the vassal couldn't be checked.
    """

    def __init__(self, check: Check) -> None:
        self.vassal = check.vassal
        self.result: Optional[Dict[str, Any]] = None
        self._check = check
        self._verdict: Optional[Verdict] = None

    def run(self, stopped: threading.Event) -> None:
        """Check at every interval until ``stopped``."""
        due = time.monotonic()
        while not stopped.is_set():
            self._once()
            due = max(due + self._check.interval, time.monotonic())
            stopped.wait(due - time.monotonic())

    def _once(self) -> None:
        try:
            instance = self._read()
            announcements = instance.announcements()
            paths = suspend_files(announcements)
            held = on_behalf_of(instance.user, lambda: any(suspend.HEALTH in suspend.reasons(path) for path in paths))
            if self._verdict is None:
                self._verdict = Verdict(self._check.fall, self._check.rise, held)
            begin = time.monotonic()
            flaw = probe.flaw(instance, self._check)
            seconds = time.monotonic() - begin
            if self._verdict.add(not flaw):
                say(f"{self.vassal}: {'out: ' + flaw if self._verdict.out else 'well again'}")
            self.result = {"well": not flaw, "out": self._verdict.out, "seconds": round(seconds, 6), "time": int(time.time())}
            # On every check, not only when the result changes: what failed at one check is retried at the next.
            if held != self._verdict.out:
                self._follow(instance, self._verdict.out)
        except (ArgumentError, HostError, OSError) as exc:
            # The vassal is gone or unreadable, or can't be held out: not the application's fault.
            self.result = None
            say(f"{self.vassal}: not checked: {exc}")

    def _read(self) -> Instance:
        return read("vassal", self.vassal)

    def _follow(self, instance: Instance, out: bool) -> None:
        announcements = instance.announcements()
        paths = suspend_files(announcements)
        if not out:
            on_behalf_of(instance.user, lambda: [suspend.release(path, suspend.HEALTH) for path in paths])
            return
        # Before anything is held, so that a signing failure leaves no node half out.
        farewell = Farewell(announcements, instance.user)
        on_behalf_of(instance.user, lambda: [suspend.hold(path, suspend.HEALTH) for path in paths])
        farewell.send()

    def release(self) -> None:
        """Stop holding it out."""
        try:
            self._follow(self._read(), out=False)
        except (ArgumentError, HostError, OSError) as exc:
            say(f"{self.vassal}: stays out: {exc}")


def checks_in(path: str) -> List[Check]:
    """The checks in a file; raises OSError or ValueError."""
    return [Check(**one) for one in json.loads(opened.read(path, anybodys=True).decode("utf-8"))]


def say(words: str) -> None:
    """Log a line."""
    sys.stdout.write(f"emperor-uwsgi health: {words}\n")
    sys.stdout.flush()


def _versions(paths: List[str]) -> List[Any]:
    """Numbers that change when a file is replaced."""
    found: List[Any] = []
    for path in paths:
        try:
            status = opened.status(path)
            found.append((status.st_ino, status.st_mtime_ns))
        except OSError:
            found.append(None)
    return found


class Results:
    """The file with the checks' results, for monitoring: ``Keeper.result`` by the path of the vassal.

    Args:
        path: in a folder of the caller's or root's; None for no file.
    """

    def __init__(self, path: Optional[str]) -> None:
        self._path = path
        self._written = b""
        self._problem = ""

    def write(self, keepers: List[Keeper]) -> None:
        """Replace the file if there is anything new. A failure to write is logged once and doesn't stop the checks."""
        results = {keeper.vassal: keeper.result for keeper in keepers if keeper.result}
        content = json.dumps(results, sort_keys=True).encode("ascii")
        if self._path is None or content == self._written:
            return
        try:
            self._replace(self._path, content)
            self._written, self._problem = content, ""
        except OSError as exc:
            if str(exc) != self._problem:
                self._problem = str(exc)
                say(f"results not written: {exc}")

    def remove(self) -> None:
        """Remove the file that this gate wrote: without a gate there are no results."""
        if self._path is None or not self._written:
            return
        above, name = os.path.split(self._path)
        try:
            with opened.folder(above) as folder:
                os.unlink(name, dir_fd=folder)
        except OSError as exc:
            say(f"results not removed: {exc}")

    def _replace(self, path: str, content: bytes) -> None:
        above, name = os.path.split(path)
        with opened.folder(above) as folder:
            staged = next(temporary.names())
            handle = os.open(staged, opened.NEW, 0o644, dir_fd=folder)
            try:
                # Readable whatever the umask is: it contains no secrets.
                os.fchmod(handle, 0o644)
                opened.write(handle, content)
                os.rename(staged, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(staged, dir_fd=folder)
                raise
            finally:
                os.close(handle)


def main(argv: Optional[List[str]] = None) -> None:
    """Run the gate: ``gate.pyz CHECKS.json [RESULTS.json]``."""
    argv = sys.argv if argv is None else argv
    files = [os.path.abspath(path) for path in argv[:3]]
    results = Results(files[2] if len(files) > 2 else None)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *dummy: stopped.set())
    versions = _versions(files[:2])
    keepers = [Keeper(check) for check in checks_in(files[1])]
    say(f"{len(keepers)} checks")
    threads = [threading.Thread(target=keeper.run, args=(stopped,), daemon=True) for keeper in keepers]
    for thread in threads:
        thread.start()
    while not stopped.wait(_LOOK) and _versions(files[:2]) == versions:
        results.write(keepers)
    replaced = not stopped.is_set() and opened.exists(files[0]) and opened.exists(files[1])
    stopped.set()
    for thread in threads:
        thread.join()
    if not replaced:
        results.remove()
    kept = {check.vassal for check in checks_in(files[1])} if replaced else set()
    for keeper in keepers:
        if keeper.vassal not in kept:
            keeper.release()
    if replaced:
        # Replace the program within the same process, so that its supervisor sees no exit.
        os.execv(sys.executable, [sys.executable, *files])
