# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another user of the host, who watches root's run and meanwhile replaces its own files and folders by links."""

from __future__ import annotations

import ctypes
import errno
import os
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.files import NOBODY, Watch

# include/linux/fs.h
_EXCHANGE = 2
_AT_FDCWD = -100
# Seconds without an event before it tries anyway: root's lookups cause none (O_PATH).
_PATIENCE = 0.0005

# A file or folder of the user's, and the target of the link that replaces it.
Swap = tuple[Path, Path]


@contextmanager
def swapping(swaps: Sequence[Swap], number: int) -> Iterator[None]:
    """Let the user ``nobody`` swap its own files for links, and back, whenever something happens to them.

    Args:
        number: the seed; the same number makes the same choices.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            _swap(swaps, random.Random(number), writing)
        finally:
            # It only ever ends by the signal.
            os._exit(1)
    os.close(writing)
    try:
        # Set when it is ready.
        assert os.read(reading, 1) == b"+", "the attacker did not start"
        yield
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL, "the attacker gave up"


def _swap(swaps: Sequence[Swap], choice: random.Random, ready: int) -> None:
    rename = ctypes.CDLL(None, use_errno=True).renameat2
    links = []
    for path, target in swaps:
        link = path.with_name(path.name + ".link")
        link.symlink_to(target)
        links.append((os.fsencode(path), os.fsencode(link)))
    with Watch(*{path.parent for path, dummy in swaps}, *(path for path, dummy in swaps if path.is_dir()), reads=True) as watch:
        os.write(ready, b"+")
        while True:
            watch.wait(_PATIENCE)
            one, other = choice.choice(links)
            if rename(_AT_FDCWD, one, _AT_FDCWD, other, _EXCHANGE) and ctypes.get_errno() not in (errno.EACCES, errno.ENOENT):
                raise OSError(ctypes.get_errno(), "renameat2")
