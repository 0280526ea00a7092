# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables and options as they are written to files."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import variables
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.instance import Option
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.variables import Variable
from support.adoptable import notes, plain, shown


def test_variables_have_their_notes_above_them() -> None:
    assert (
        shown([Variable("a", 1, ["one"]), Variable("", None, ["two"]), Variable("b", [1])]) == "# one\na: 1\n# two\nb:\n  - 1\n"
    )


def test_options_have_theirs() -> None:
    rows = variables.option_rows([Option("a", [1], ["one"]), Option("", [], ["two"]), Option("b", [1, 2])])
    assert (plain(rows), notes(rows)) == ({"a": 1, "b": [1, 2]}, ["one", "two"])


def test_what_the_role_refuses_is_said() -> None:
    given = [Option("max-fd", [5]), Option("strict", [True]), Option("umask", ["022"]), Option("", [], ["note"])]
    found = variables.accepted(given, "emperor_options", {"strict": True})
    assert [one.name for one in found] == ["", "strict", "umask", ""]
    assert variables.accepted([Option("emperor", [], ["note"])], "emperor_options", {}) == [Option("emperor", [], ["note"])]
    assert found[0].notes == ["max-fd = 5: is set by emperor_max_fd; use that variable instead"]


@pytest.mark.parametrize(
    ("option", "stays"),
    [
        (Option("master", [True]), False),
        (Option("master", [1]), False),
        (Option("master", [""]), False),
        (Option("master", [False]), True),
        (Option("master", [True, True]), True),
        (Option("master", [True], ["note"]), True),
        (Option("harakiri", [60]), False),
        (Option("harakiri", [30]), True),
        (Option("other", [True]), True),
    ],
)
def test_what_the_role_says_anyway_is_left_out(option: Option, stays: bool) -> None:
    assert bool(variables.without_defaults([option], {"master": True, "harakiri": 60})) is stays
