# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to a directory's files: what differs, and how that is shown."""

from __future__ import annotations

import os
import stat
from typing import Any, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import plan
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.plan import Change, Plan, Wanted

# A file of owner 5 and group 6.
FOUND = os.stat_result((stat.S_IFREG | 0o640, 1, 1, 1, 5, 6, 3, 0, 0, 0))
ATTRIBUTES: List[Tuple[str, Wanted, Any]] = [
    ("none is asked for", Wanted("a", b"", ""), {}),
    ("the same", Wanted("a", b"", "", 5, 6, 0o640), {}),
    ("owner", Wanted("a", b"", "", 7, 6, 0o640), {"owner": (5, 7)}),
    ("owner alone", Wanted("a", b"", "", uid=0), {"owner": (5, 0)}),
    ("group", Wanted("a", b"", "", 5, 7, 0o640), {"group": (6, 7)}),
    ("group alone", Wanted("a", b"", "", gid=0), {"group": (6, 0)}),
    ("mode", Wanted("a", b"", "", 5, 6, 0o4755), {"mode": ("0640", "4755")}),
    ("mode alone", Wanted("a", b"", "", mode=0), {"mode": ("0640", "0000")}),
    ("all", Wanted("a", b"", "", 6, 5, 0o600), {"owner": (5, 6), "group": (6, 5), "mode": ("0640", "0600")}),
]


@pytest.mark.parametrize(("wanted", "differing"), [case[1:] for case in ATTRIBUTES], ids=[case[0] for case in ATTRIBUTES])
def test_attributes_that_are_asked_for_are_compared(wanted: Wanted, differing: Any) -> None:
    assert plan.attribute_changes(FOUND, wanted) == differing


# Type, number of names, and what differs.
NAMES: List[Tuple[int, int, Any]] = [
    (stat.S_IFREG, 1, {}),
    (stat.S_IFREG, 2, {"names": (2, 1)}),
    # A folder has more than one.
    (stat.S_IFDIR, 2, {}),
]


@pytest.mark.parametrize(("kind", "names", "differing"), NAMES)
def test_a_file_with_other_names_differs(kind: int, names: int, differing: Any) -> None:
    found = os.stat_result((kind | 0o640, 1, 1, names, 5, 6, 3, 0, 0, 0))
    assert plan.attribute_changes(found, Wanted("a", b"", "")) == differing


CHANGE = Change("a", b"", b"", None, None, {})
CHANGED: List[Tuple[Plan, bool]] = [
    (Plan([], [], [], []), False),
    (Plan([], [], [], ["a"]), False),
    (Plan([CHANGE], [], [], []), True),
    (Plan([], [CHANGE], [], []), True),
    (Plan([], [], [CHANGE], ["b"]), True),
]


@pytest.mark.parametrize(("one", "changed"), CHANGED)
def test_a_plan_changes_something_unless_all_files_stay(one: Plan, changed: bool) -> None:
    assert one.changed is changed


def test_a_plan_is_shown_as_differences() -> None:
    wanted = Wanted("", b"", "")
    one = Plan(
        [Change("c", None, b"new", None, wanted, {})],
        [Change("u", b"x", b"y", None, wanted, {"owner": (1, 2), "mode": ("0600", "0640")})],
        [Change("r", b"old", None, None, None, {})],
        ["same"],
    )
    headers = [{"before_header": "/d/" + name, "after_header": "/d/" + name} for name in "rcu"]
    assert plan.differences("/d", one, lambda content: content.decode() + "!\n") == [
        {**headers[0], "before": "old!\n", "after": ""},
        {**headers[1], "before": "", "after": "new!\n"},
        {**headers[2], "before": "x!\nmode: 0600\nowner: 1\n", "after": "y!\nmode: 0640\nowner: 2\n"},
    ]


def named(*names: str) -> List[Change]:
    return [CHANGE._replace(name=name) for name in names]


MEANT = "check that nothing is missing from the inventory, or allow it; with the roles, emperor_allow_empty does"
NOTHING_LEFT = "nothing would be left in /d, where {0} would be removed; " + MEANT
TOO_MANY = "{0} files in /d would be removed: {1}; " + MEANT
# The plan, whether the directory may end up empty, the percentage that may be removed, the argument that refuses, and why.
LOSSES: List[Tuple[Plan, bool, int, str, str]] = [
    (Plan([], [], [], []), False, 0, "", ""),
    (Plan([], [], [], ["a"]), False, 0, "", ""),
    (Plan(named("a"), [], [], []), False, 0, "", ""),
    (Plan([], [], named("a"), []), True, 100, "", ""),
    (Plan([], [], named("a"), []), False, 100, "allow_empty", NOTHING_LEFT.format("a")),
    (Plan([], [], named(*"abcde"), []), False, 0, "allow_empty", NOTHING_LEFT.format("a, b, c, d, e")),
    (Plan([], [], named(*"abcdef"), []), False, 100, "allow_empty", NOTHING_LEFT.format("a, b, c, d, e, ...")),
    (Plan(named("b"), [], named("a"), []), False, 100, "", ""),
    (Plan([], named("b"), named("a"), []), False, 100, "", ""),
    (Plan(named("c"), named("b"), named("a"), []), False, 100, "", ""),
    (Plan([], [], named("a"), ["b"]), False, 50, "", ""),
    (Plan([], [], named("a", "b"), ["c"]), False, 50, "purge_limit", TOO_MANY.format("2 of the 3", "a, b")),
    (Plan([], named("c"), named("a", "b"), []), True, 66, "purge_limit", TOO_MANY.format("2 of the 3", "a, b")),
    (Plan(named("c"), [], named("a"), []), True, 99, "purge_limit", TOO_MANY.format("1 of the 1", "a")),
]


@pytest.mark.parametrize(("planned", "allow_empty", "limit", "argument", "problem"), LOSSES)
def test_losses_that_are_not_allowed_are_refused(
    planned: Plan, allow_empty: bool, limit: int, argument: str, problem: str
) -> None:
    if not argument:
        plan.refuse_losses("/d", planned, allow_empty, limit)
        return
    with pytest.raises(ArgumentError) as error:
        plan.refuse_losses("/d", planned, allow_empty, limit)
    assert (error.value.path, str(error.value)) == (argument, f"{argument}: {problem}")
