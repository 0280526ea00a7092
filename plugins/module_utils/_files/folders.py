# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders, made with their owner and mode or not at all."""

from __future__ import annotations

import errno
import itertools
import os
from contextlib import suppress
from typing import List

from . import opened, temporary
from .attributes import Attributes
from .opened import Place
from .plan import Wanted, attribute_changes

_MODE = 0o755
_MOST_TRIES = 100


def make(path: str, attributes: Attributes) -> List[str]:
    """Make a folder, and its parents as the umask has them; remove what killed runs left beside it, also where it is there.

    Returns:
        what was made, the outermost first; empty where it's there already.

    Raises:
        UnsafePath: when somebody else can change the folder that it would be in.
        OSError: when it can't be made, with nothing left of it.
    """
    path = os.path.abspath(path)
    made: List[str] = []
    try:
        try:
            place = Place(path)
        except FileNotFoundError:
            made += make(os.path.dirname(path), Attributes(None, None, 0o777 & ~umask()))
            place = Place(path)
        with place:
            if place.unsafe:
                raise place.unsafe
            _sweep(place)
            if place.status is None and _make(place, attributes):
                made.append(path)
    except BaseException:
        unmake(made)
        raise
    return made


def _make(place: Place, attributes: Attributes) -> bool:
    """Under another name first, so that it's never there without its owner and mode; False where another run was faster."""
    for name in itertools.islice(temporary.names(), _MOST_TRIES):
        os.mkdir(name, 0o700, dir_fd=place.folder)
        try:
            handle = os.open(name, opened.FOLDER, dir_fd=place.folder)
            try:
                _give(handle, attributes._replace(mode=_MODE if attributes.mode is None else attributes.mode))
            finally:
                os.close(handle)
            os.rename(name, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
            return True
        except FileNotFoundError:
            # Another run swept it away.
            continue
        except BaseException as exc:
            with suppress(FileNotFoundError):
                os.rmdir(name, dir_fd=place.folder)
            if isinstance(exc, OSError) and exc.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False
            raise
    raise OSError(errno.EBUSY, "other runs remove it again and again", place.path)


def _sweep(place: Place) -> None:
    """Remove the temporary folders beside a path, which a run that was killed would leave there for ever.

    It doesn't matter which runs are alive: such a folder is empty, and a run that misses its own makes another.
    """
    try:
        handle = os.open(".", opened.FOLDER, dir_fd=place.folder)
    except PermissionError:
        # Who can't list it looks for nothing there.
        return
    try:
        for name in filter(temporary.is_temporary, os.listdir(handle)):
            # Not a file of another run, nor in a sticky folder what is another user's.
            with suppress(OSError):
                os.rmdir(name, dir_fd=handle)
    finally:
        os.close(handle)


def unmake(made: List[str]) -> None:
    """Remove folders that ``make`` made, as far as nobody put anything into them."""
    for path in reversed(made):
        try:
            with Place(path) as place:
                if not place.unsafe:
                    os.rmdir(place.name, dir_fd=place.folder)
        except OSError:
            return


def amend(path: str, attributes: Attributes, check_mode: bool = False) -> bool:
    """Give a folder that is there its owner, group and mode, as far as they are given.

    Returns:
        whether any of them differed.

    Raises:
        UnsafePath: when somebody else can change the folder that it's in.
        OSError: when it is none, or it can't be done.
    """
    with Place(path) as place:
        if place.unsafe:
            raise place.unsafe
        handle = place.open_folder()
    try:
        differs = bool(attribute_changes(os.fstat(handle), Wanted("", b"", path, *attributes)))
        if differs and not check_mode:
            _give(handle, attributes)
    finally:
        os.close(handle)
    return differs


def _give(handle: int, attributes: Attributes) -> None:
    os.fchown(handle, *(-1 if number is None else number for number in attributes[:2]))
    if attributes.mode is not None:
        os.fchmod(handle, attributes.mode)


def umask() -> int:
    """That of this process."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
