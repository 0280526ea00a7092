# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does work as another user, in a child process with only that user's rights, with limits and a deadline.

The child is a fork of this process, so its memory may hold what the other user must not see. Nobody can inspect it: only root
may trace a process that changed its user (``commit_creds``, kernel/cred.c).
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import select
import signal
import time
from typing import Any, Callable, Dict, Optional, TypeVar

from .._errors import ArgumentError, HostError
from . import opened
from .identity import Identity, identity, is_other
from .trust import ANYBODY, ROOT, UnsafePath

_PR_SET_NO_NEW_PRIVS = 38
# Limits of a child: seconds, bytes and processes.
_TIMEOUT = 30
_MOST_MEMORY = 4 << 30
_MOST_FILE = 1 << 28
_MOST_PROCESSES = 4096
_MOST_ANSWER = 1 << 26
# Types that JSON can hold.
_END = b"\n"
# The environment variables that aren't only for root: a task's environment may hold secrets.
_COMMON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "TZ")
T = TypeVar("T")


def environment() -> Dict[str, str]:
    """The part of this process's environment that another user may see."""
    return {name: os.environ[name] for name in _COMMON if name in os.environ}


def become(user: Identity, seconds: float) -> None:
    """Become a user permanently, without other groups and with limits; for a child between fork and exec.

    Args:
        seconds: processor time.

    Raises:
        OSError: if any step is impossible; the child must then exit.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    for limit, most in (
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_AS, _MOST_MEMORY),
        (resource.RLIMIT_FSIZE, _MOST_FILE),
        (resource.RLIMIT_NPROC, _MOST_PROCESSES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (value, value))
    os.setgroups([])
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)


def as_user(user: Optional[Identity], work: Callable[[], T], timeout: float = _TIMEOUT) -> T:
    """Do ``work`` as a user, in a child process if this process is root and the user isn't.

    Args:
        user: None for the current user.
        work: returns JSON types; ArgumentError, HostError and OSError are raised again here.
        timeout: seconds, after which the child is killed.

    Raises:
        HostError: if it doesn't end in time, or ends without an answer.
    """
    if user is None or not is_other(user):
        return work()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(user, work, timeout, reading, writing)
    os.close(writing)
    try:
        answer = _answer(reading, time.monotonic() + timeout)
    finally:
        os.close(reading)
        # The child itself as well, since it may not be in its own group yet.
        os.kill(pid, signal.SIGKILL)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(pid, 0)
    if answer is None:
        raise HostError(f"work as {user.name}", f"does not end within {timeout:g} s; look at what it has to read")
    found: T = _result(user, answer)
    return found


def _child(user: Identity, work: Callable[[], Any], timeout: float, reading: int, writing: int) -> None:
    """Run in the child; never returns."""
    try:
        os.setsid()
        os.close(reading)
        os.umask(0o022)
        kept = environment()
        os.environ.clear()
        os.environ.update(kept)
        become(user, timeout)
        answer = _answer_of(work)
        opened.write(writing, json.dumps(answer).encode("ascii") + _END)
    finally:
        # Skip this process's exit handlers: they belong to the parent.
        os._exit(0)


def _answer_of(work: Callable[[], Any]) -> Any:
    try:
        return {"done": work()}
    except ArgumentError as exc:
        return {"argument": [exc.path, exc.problem, exc.result]}
    except HostError as exc:
        return {"host": [exc.what, exc.problem, exc.result]}
    except UnsafePath as exc:
        return {"unsafe": [exc.path, exc.uid]}
    except OSError as exc:
        return {"system": [exc.errno or errno.EIO, exc.strerror or str(exc), exc.filename and str(exc.filename)]}
    except BaseException as exc:
        return {"died": type(exc).__name__}


def _answer(reading: int, deadline: float) -> Optional[bytes]:
    """Everything that the child writes; None if it doesn't end in time. A longer answer is cut, so it isn't valid JSON."""
    found = bytearray()
    while len(found) < _MOST_ANSWER:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            return None
        part = os.read(reading, 1 << 16)
        found += part
        # Don't wait for the end of the file alone: another child forked meanwhile may also hold the pipe.
        if not part or part.endswith(_END):
            break
    return bytes(found[:_MOST_ANSWER])


def _result(user: Identity, answer: bytes) -> Any:
    try:
        kind, content = next(iter(json.loads(answer.decode("ascii")).items()))
    except ValueError:
        kind, content = "died", "no answer"
    if kind == "done":
        return content
    if kind == "argument":
        raise ArgumentError(*content)
    if kind == "host":
        raise HostError(content[0], content[1], **content[2])
    if kind == "unsafe":
        raise UnsafePath(*content)
    if kind == "system":
        raise OSError(*content)
    raise HostError(f"work as {user.name}", f"failed: {content}")


def where_it_belongs(work: Callable[[], T], timeout: float = _TIMEOUT) -> T:
    """Do ``work``. If root meets something that one other user can change, do it as that user instead.

    Args:
        work: raises UnsafePath before it changes anything.

    Raises:
        UnsafePath: if several users can change it, or this process isn't root.
    """
    try:
        return work()
    except UnsafePath as exc:
        if os.geteuid() != ROOT or exc.uid == ANYBODY:
            raise
        return as_user(identity(exc.uid), work, timeout)


def on_behalf_of(user: Optional[Identity], work: Callable[[], T], timeout: float = _TIMEOUT) -> T:
    """Do ``work`` as a user, or if none is given, as the user who can change what it meets."""
    return as_user(user, work, timeout) if user else where_it_belongs(work, timeout)
