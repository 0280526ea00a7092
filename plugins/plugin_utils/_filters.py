# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converts the core's errors to Ansible's, for filters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.emperor.uwsgi.plugins.module_utils._masking import every

from ._discretion import discreet

# All numbers that are meant fit in. Python prints none with more than 4,300 digits (sys.set_int_max_str_digits).
_MOST_BITS = 64


def filter_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter raise AnsibleFilterError, with its name, instead of ArgumentError and of any error that would show a key.

    An endlessly nested value is an error too, and so is a number that Python refuses to print.
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
        except ValueError:
            if not _has_large_number([args, kwargs]):
                raise
            raise AnsibleFilterError(f"{name}: a number has more than 64 bits; give a smaller one") from None

    return run


def _has_large_number(value: Any) -> bool:
    return any(isinstance(one, int) and one.bit_length() > _MOST_BITS for one, dummy in every(value))
