# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters, called as Ansible calls them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError


class Filter:
    """The filter in a plugin file, which must have the file's name.

    Attributes:
        name: the filter's full name, as in templates.
    """

    def __init__(self, module: ModuleType) -> None:
        short = module.__name__.rpartition(".")[2]
        filters = module.FilterModule().filters()
        assert list(filters) == [short]
        self.name = "emperor.uwsgi." + short
        self._function = filters[short]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def refusal(self, *args: Any, **kwargs: Any) -> str:
        """Call the filter, which must fail; returns the error without the filter's name, with which it must begin."""
        with pytest.raises(AnsibleFilterError) as caught:
            self(*args, **kwargs)
        name, dummy, problem = str(caught.value).partition(": ")
        assert name == self.name
        return problem
