# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the core's errors to Ansible's, for filters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError


def filter_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter raise AnsibleFilterError, with its name, for an ArgumentError and for a value without end."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ArgumentError as error:
            raise AnsibleFilterError(f"emperor.uwsgi.{function.__name__}: {error}") from error
        except RecursionError:
            # Without the cause, whose traceback is as long as the value is deep.
            raise AnsibleFilterError(f"emperor.uwsgi.{function.__name__}: the value is nested too deeply; flatten it") from None

    return run
