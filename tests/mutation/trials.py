# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mutant in its module's place, judged in a process of its own that loads the collection with it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable

from mutation.mutants import Ignored, Mutant

# The seconds of a mutant's tests: computing, which doesn't depend on how busy the machine is, and in all.
_MOST_COMPUTING, _MOST_WAITING = 60, 600
_WORKERS = 2


def silenced() -> None:
    """Give this process a group of its own, and nothing to read from or write to."""
    null = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(null, handle)
    os.setpgid(0, 0)
    # Tests of two processes would clean up each other's temporary folders.
    os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.mkdtemp(dir=os.environ["MUTATION_TMP"])


def passes(judge: Callable[[], int]) -> bool:
    """Whether a function that runs tests returns 0, in a process of its own. One that takes too long is ended: noticed."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            silenced()
            resource.setrlimit(resource.RLIMIT_CPU, (_MOST_COMPUTING, _MOST_COMPUTING))
            code = judge()
        finally:
            os._exit(code)
    deadline = time.monotonic() + _MOST_WAITING
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.002)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def survives(mutant: Mutant) -> bool:
    """Whether all its judges pass."""
    return passes(lambda: _judged(mutant))


def _judged(mutant: Mutant) -> int:
    """Put the mutant in its module's place before the tests import it; what pytest returns."""
    name = mutant.module.dotted
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, None))
    module.__dict__[Ignored.__name__] = Ignored
    module.__file__ = str(mutant.module.path)
    sys.modules[name] = module
    exec(compile(mutant.code(), str(mutant.module.path), "exec", dont_inherit=True), module.__dict__)
    parent, dummy, last = name.rpartition(".")
    setattr(importlib.import_module(parent), last, module)
    return int(sys.modules["pytest"].main(["-x", "-q", *mutant.module.judges]))


def survivors(found: list[Mutant], survive: Callable[[Mutant], bool] = survives) -> list[Mutant]:
    """Those that survive, tried side by side."""
    readers = []
    for worker in range(_WORKERS):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            with open(writer, "w", encoding="ascii") as stream:
                for at in range(worker, len(found), _WORKERS):
                    if survive(found[at]):
                        stream.write(f"{at}\n")
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    alive: set[int] = set()
    for reader in readers:
        with open(reader, encoding="ascii") as stream:
            alive.update(int(line) for line in stream)
        os.wait()
    return [found[at] for at in sorted(alive)]
