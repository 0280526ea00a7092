# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converts the core's errors to Ansible's, for filters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ansible.errors import AnsibleFilterError

from ._discretion import discreet


def filter_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter raise AnsibleFilterError, with its name, instead of ArgumentError and of any error that would show a key.

    An endlessly nested value is an error too.
    """
    name = "emperor.uwsgi." + function.__name__

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with discreet(name, AnsibleFilterError, args, kwargs):
                return function(*args, **kwargs)
        except RecursionError:
            # Without the cause, whose traceback is as long as the value is deep.
            raise AnsibleFilterError(f"{name}: the value is nested too deeply; flatten it") from None

    return run
