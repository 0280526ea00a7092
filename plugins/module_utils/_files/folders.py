# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creates folders with their owner and mode, or not at all."""

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
    """Create a folder, and its parents according to the umask. Also remove what killed runs left beside it.

    Returns:
        the folders that were created, outermost first; empty if it existed.

    Raises:
        UnsafePath: if another user can change the parent folder.
        OSError: if it can't be created; nothing is left of it.
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
    """Create it under another name first, so that it never exists without its owner and mode; False if another run was faster."""
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
            # Another run removed it.
            continue
        except BaseException as exc:
            with suppress(FileNotFoundError):
                os.rmdir(name, dir_fd=place.folder)
            if isinstance(exc, OSError) and exc.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False
            raise
    raise OSError(errno.EBUSY, "other runs remove it again and again", place.path)


def _sweep(place: Place) -> None:
    """Remove the temporary folders beside a path, which killed runs would otherwise leave there for ever.

    Live runs don't matter: the folders are empty, and a run whose folder disappears creates another.
    """
    try:
        handle = os.open(".", opened.FOLDER, dir_fd=place.folder)
    except PermissionError:
        # If it can't be listed, there is nothing to remove.
        return
    try:
        for name in filter(temporary.is_temporary, os.listdir(handle)):
            # Neither another run's file nor, in a sticky folder, another user's.
            with suppress(OSError):
                os.rmdir(name, dir_fd=handle)
    finally:
        os.close(handle)


def unmake(made: List[str]) -> None:
    """Remove folders that ``make`` created, if they are still empty."""
    for path in reversed(made):
        try:
            with Place(path) as place:
                if not place.unsafe:
                    os.rmdir(place.name, dir_fd=place.folder)
        except OSError:
            return


def amend(path: str, attributes: Attributes, check_mode: bool = False) -> bool:
    """Set owner, group and mode of an existing folder, if given.

    Returns:
        whether any of them differed.

    Raises:
        UnsafePath: if another user can change the parent folder.
        OSError: if it isn't a folder, or can't be changed.
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
    """The umask of this process."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
