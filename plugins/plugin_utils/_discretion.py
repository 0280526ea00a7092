# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps keys out of the errors of plugins on the controller.

Ansible prints an error together with the errors that caused it, and with -vvv a traceback that ends with their messages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import learn, mask
from ansible_collections.emperor.uwsgi.plugins.module_utils._visible import seen


@contextmanager
def discreet(name: str, kind: type[Exception], *given: Any) -> Iterator[None]:
    """Convert an ArgumentError to another class, and any other error that would show a key too.

    Args:
        name: of the plugin; the error begins with it.
        kind: the class of the error.
        given: the plugin's arguments. They are read only after an error, since reading a value may evaluate a template.
    """
    try:
        yield
    except ArgumentError as error:
        known = learn(given)
        text = seen(mask(str(error), known))
        # Ansible shows the cause unchanged.
        cause = error if text == str(error) and not _shows_a_key(error, known) else None
        raise kind(f"{name}: {text}") from cause
    except Exception as error:
        known = learn(given)
        if not _shows_a_key(error, known):
            raise
        raise kind(f"{name}: {type(error).__name__}: {seen(mask(str(error), known))}") from None


def _shows_a_key(error: BaseException, known: Collection[str]) -> bool:
    """Whether an error shows a key, or an error that caused it does."""
    one: BaseException | None = error
    while one is not None:
        if any(mask(text, known) != text for text in (str(one), repr(one))):
            return True
        one = one.__cause__ or one.__context__
    return False
