# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vassal reloaded and waited for by the module as Ansible runs it, with an Emperor that is only a stats server."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from support import modules
from support.files import OLD, put
from support.loopback import free_address
from support.stream import Server, serving

VASSAL = "[uwsgi]\nsocket = {0}\n"
# Later than any change that a test makes.
LATER = 2**31
# Seconds. What comes up is waited for as long as a busy machine may need, and what doesn't only briefly.
LONG, BRIEF = 30, 1


def emperor(*vassals: dict[str, Any], failing: int = 0, path: Path | None = None) -> AbstractContextManager[Server]:
    """An Emperor's stats server that always gives the same answer."""
    return serving(json.dumps({"vassals": list(vassals), "blacklist": blacklist(failing)}).encode(), path=path, asked=False)


def blacklist(failing: int) -> list[dict[str, Any]]:
    """The blacklist: a vassal that failed this often, or none."""
    return [{"id": "shop.ini", "attempt": failing}] if failing else []


def up(**more: Any) -> dict[str, Any]:
    return {"id": "shop.ini", "last_mod": LATER, "accepting": 1, "pid": 7, **more}


def run(vassal: Path, stats: str, check: bool = False, **more: Any) -> modules.Result:
    return modules.run("uwsgi_reload", {"vassal": str(vassal), "emperor_stats": stats, "timeout": LONG, **more}, check)


@pytest.fixture
def vassal(tmp_path: Path) -> Path:
    """A vassal's file with an old mtime."""
    return put(tmp_path / "shop.ini", VASSAL.format(free_address()))


def is_touched(vassal: Path) -> bool:
    return vassal.stat().st_mtime > OLD


def test_check_mode_touches_nothing(vassal: Path) -> None:
    with emperor() as stats:
        found = run(vassal, stats.address, check=True)
        assert (found.failed, found.changed, found.data["vassal"], is_touched(vassal)) == (False, True, str(vassal), False)
        found = run(vassal, stats.address, check=True, state="current")
        assert (found.failed, found.changed, is_touched(vassal)) == (False, False, False)


@pytest.mark.parametrize("unix", [False, True])
def test_a_vassal_is_touched_and_up(vassal: Path, tmp_path: Path, unix: bool) -> None:
    with emperor(up(), path=tmp_path / "stats" if unix else None) as stats:
        found = run(vassal, stats.address)
    assert (found.failed, found.changed, is_touched(vassal)) == (False, True, True)
    assert found.data["seconds"] < 30


def test_the_older_name_of_the_stats_still_works(vassal: Path) -> None:
    with emperor(up()) as stats:
        found = modules.run("uwsgi_reload", {"vassal": str(vassal), "stats": stats.address})
    assert (found.failed, found.changed) == (False, True)


# What the Emperor says, the arguments, and whether this is a vassal that runs with its file.
STATES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    (up(), {}, True),
    (up(id="{path}"), {}, True),
    (up(last_mod=int(OLD)), {}, True),
    (up(last_mod=int(OLD) - 1), {}, False),
    (up(accepting=0), {}, False),
    (up(accepting=0), {"accepting": False}, True),
    (up(accepting=0, on_demand="127.0.0.1:1", pid=-1), {}, True),
    (up(id="other.ini"), {}, False),
]


@pytest.mark.parametrize(("said", "arguments", "fine"), STATES)
def test_current_waits_and_touches_nothing(vassal: Path, said: dict[str, Any], arguments: dict[str, Any], fine: bool) -> None:
    with emperor({**said, "id": said["id"].format(path=vassal)}) as stats:
        found = run(vassal, stats.address, state="current", timeout=LONG if fine else BRIEF, **arguments)
    assert (found.failed, found.changed, is_touched(vassal)) == (not fine, False, False)
    if not fine:
        assert found.msg == f"{vassal}: is not up again; its log says why (after 1 s)"
        assert "argument" not in found.data


# How often the vassal had failed to start when it was touched, how often since then, and the error.
TRIES = [
    ([0, 1, 2], "does not start (2 tries); its log says why"),
    ([3, 3, 4, 5], "does not start (2 tries); its log says why"),
    # It ran in between, and then failed again.
    ([5, 0, 1, 2], "does not start (2 tries); its log says why"),
    ([0, 1], "is not up again; its log says why (after 1 s)"),
    ([3, 4], "is not up again; its log says why (after 1 s)"),
    ([3], "is not up again; its log says why (after 1 s)"),
]


@pytest.mark.parametrize(("tries", "words"), TRIES)
def test_only_starts_after_the_change_count(vassal: Path, tries: list[int], words: str) -> None:
    answers = [json.dumps({"vassals": [], "blacklist": blacklist(one)}).encode() for one in tries]
    with serving(answers[-1], asked=False, before=answers[:-1]) as stats:
        found = run(vassal, stats.address, timeout=LONG if "tries" in words else BRIEF)
    assert (found.failed, found.msg) == (True, f"{vassal}: {words}")


def test_the_application_must_answer_well(vassal: Path) -> None:
    with emperor(up()) as stats, serving(b"HTTP/1.0 503 Busy\r\n\r\n") as busy, serving(b"HTTP/1.0 200 OK\r\n\r\n") as fine:
        vassal.write_text(VASSAL.format(busy.address))
        found = run(vassal, stats.address, timeout=BRIEF, health={"path": "/up"})
        assert (found.failed, found.msg) == (True, f"{vassal}: does not answer well: status 503 (after 1 s)")
        vassal.write_text(VASSAL.format(fine.address))
        assert not run(vassal, stats.address, health={"path": "/up"}).failed
        assert "exit code 3" in run(vassal, stats.address, timeout=BRIEF, health={"command": "exit 3"}, user="root").msg


def test_one_that_sleeps_is_asked_nothing(vassal: Path) -> None:
    with emperor(up(accepting=0, on_demand="127.0.0.1:1", pid=-1)) as stats:
        assert not run(vassal, stats.address, health={"command": "exit 3"}, user="root").failed


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"vassal": "/nonexistent.ini"}, "vassal: /nonexistent.ini is not a file; give the ini file of a vassal", "vassal"),
    ({"vassal": "/etc"}, "vassal: /etc is not a file", "vassal"),
    ({"health": {}}, "health: needs path, to send the application a request, or command", "health"),
    ({"health": {"path": "here"}}, "health.path: 'here' does not begin with a slash", "health.path"),
    ({"health": {"paht": "/"}}, "health.paht: ", "health.paht"),
    ({"vassal": "/dev/null", "health": {"path": "/"}}, "vassal: /dev/null can't be read: it is not a regular file", "vassal"),
    ({"emperor_stats": "router:1"}, "emperor_stats: 'router:1' is not a stats server; give IPV4:PORT", "emperor_stats"),
    ({"emperor_stats": ""}, "emperor_stats: '' is not a stats server; give IPV4:PORT", "emperor_stats"),
    ({"emperor_stats": "127.0.0.1:1"}, "the Emperor: 127.0.0.1:1 does not answer: ", ""),
    ({"state": "started"}, "value of state must be one of", ""),
]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("arguments", "words", "argument"), REFUSED)
def test_bad_arguments_touch_nothing(
    vassal: Path, arguments: dict[str, Any], words: str, argument: str, check: bool
) -> None:
    with emperor(up()) as stats:
        found = modules.run("uwsgi_reload", {"vassal": str(vassal), "emperor_stats": stats.address, **arguments}, check)
    assert found.failed
    assert found.msg.startswith(words)
    assert found.data.get("argument", "") == argument
    assert not is_touched(vassal)


def test_the_stats_of_something_else_are_an_error(vassal: Path) -> None:
    before = os.stat(vassal).st_mtime_ns
    with serving(b'{"version": "2.0", "subscriptions": []}', asked=False) as router:
        found = run(vassal, router.address)
    assert found.failed
    assert found.msg == f"the Emperor: {router.address}: it is not an Emperor's stats server"
    assert os.stat(vassal).st_mtime_ns == before


def several(folder: Path, count: int = 3) -> list[str]:
    """Vassals' files with an old mtime."""
    return [str(put(folder / f"{at}.ini", VASSAL.format(free_address()))) for at in range(count)]


def runs(number: int, **more: Any) -> dict[str, Any]:
    return up(id=f"{number}.ini", **more)


def run_all(paths: list[str], stats: str, check: bool = False, **more: Any) -> modules.Result:
    return modules.run("uwsgi_reload", {"vassals": paths, "emperor_stats": stats, "timeout": LONG, **more}, check)


def test_several_are_touched_and_waited_for_together(tmp_path: Path) -> None:
    paths = several(tmp_path)
    before = [runs(at) for at in range(3)]
    later = [{"vassals": [runs(at, accepting=int(at <= step)) for at in range(3)], "blacklist": []} for step in (-1, 0, 1, 2)]
    answers = [json.dumps(one).encode() for one in ({"vassals": before, "blacklist": []}, *later)]
    with serving(answers[-1], asked=False, before=answers[:-1]) as stats:
        found = run_all([*paths, paths[0]], stats.address)
    assert (found.failed, found.changed, found.data["vassals"]) == (False, True, paths), found.msg
    assert "vassal" not in found.data
    assert all(is_touched(Path(path)) for path in paths)


@pytest.mark.parametrize("check", [False, True])
def test_several_that_are_current_are_not_touched(tmp_path: Path, check: bool) -> None:
    paths = several(tmp_path)
    with emperor(*(runs(at) for at in range(3))) as stats:
        found = run_all(paths, stats.address, check, state="current")
        assert (found.failed, found.changed, found.data["vassals"]) == (False, False, paths)
        planned = run_all(paths, stats.address, check=True)
        assert (planned.failed, planned.changed) == (False, True)
    assert not any(is_touched(Path(path)) for path in paths)


def test_each_that_does_not_come_up_is_named(tmp_path: Path) -> None:
    paths = several(tmp_path)
    fine, failing = runs(1), [{"id": "0.ini", "attempt": 2}]
    answers = [json.dumps({"vassals": [fine], "blacklist": one}).encode() for one in ([], failing)]
    with serving(answers[1], asked=False, before=answers[:1]) as stats:
        found = run_all(paths, stats.address, timeout=BRIEF)
    assert (found.failed, found.data["failed_vassals"]) == (True, [paths[0], paths[2]])
    assert found.msg == (
        f"2 of 3 vassals: {paths[0]} does not start (2 tries); its log says why; "
        f"{paths[2]} is not up again; its log says why (after 1 s)"
    )
    with emperor(runs(0), runs(2)) as stats:
        found = run_all(paths, stats.address, timeout=BRIEF)
    assert (found.msg, found.data["failed_vassals"]) == (f"{paths[1]}: is not up again; its log says why (after 1 s)", [paths[1]])


def test_one_that_does_not_start_keeps_nobody_else_from_coming_up(tmp_path: Path) -> None:
    paths = several(tmp_path, 2)
    said = [([], []), ([], [{"id": "0.ini", "attempt": 2}]), ([runs(1)], [{"id": "0.ini", "attempt": 3}])]
    answers = [json.dumps({"vassals": vassals, "blacklist": failing}).encode() for vassals, failing in said]
    with serving(answers[-1], asked=False, before=answers[:-1]) as stats:
        found = run_all(paths, stats.address)
    assert found.msg == f"{paths[0]}: does not start (2 tries); its log says why"


def test_the_applications_of_several_are_asked_at_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(serving(0.8, b"HTTP/1.0 200 OK\r\n\r\n")) for dummy in range(8)]
        busy = stack.enter_context(serving(b"HTTP/1.0 503 Busy\r\n\r\n"))
        paths = [str(put(tmp_path / f"{at}.ini", VASSAL.format(one.address))) for at, one in enumerate([*slow, busy])]
        stats = stack.enter_context(emperor(*(runs(at) for at in range(9))))
        # One after the other, they would take longer.
        found = run_all(paths, stats.address, timeout=6, health={"path": "/up", "timeout": 5})
    assert (found.msg, found.data["failed_vassals"]) == (f"{paths[8]}: does not answer well: status 503 (after 6 s)", [paths[8]])
    assert all(len(one.heard) == 1 for one in slow)


def test_each_of_several_may_have_a_check_of_its_own(tmp_path: Path) -> None:
    with ExitStack() as stack:
        fine, busy = (stack.enter_context(serving(b"HTTP/1.0 " + said + b"\r\n\r\n")) for said in (b"200 OK", b"503 Busy"))
        addresses = (fine.address, busy.address, busy.address)
        paths = [str(put(tmp_path / f"{at}.ini", VASSAL.format(one))) for at, one in enumerate(addresses)]
        stats = stack.enter_context(emperor(*(runs(at) for at in range(3))))
        checks = [{"vassal": path, "health": {"path": path}} for path in paths[:2]]
        found = run_all(paths, stats.address, timeout=3, checks=checks)
        assert found.msg == f"{paths[1]}: does not answer well: status 503 (after 3 s)"
        # The vassal without a check of its own gets the common one.
        found = run_all(paths, stats.address, timeout=3, checks=checks[:1], health={"command": "exit 4"}, user="root")
        assert found.data["failed_vassals"] == paths[1:]
        assert paths[0].encode() in fine.heard[0]
        assert not run_all(paths, stats.address, checks=checks[:1]).failed


REFUSED_TOGETHER: list[tuple[dict[str, Any], str, str]] = [
    ({"vassals": []}, "vassals: is empty; give at least one", "vassals"),
    ({"vassals": ["{0}", "/nonexistent.ini"]}, "vassals[1]: /nonexistent.ini is not a file", "vassals[1]"),
    ({"vassals": ["{0}", "{0}", "/dev/null"], "health": {"path": "/"}}, "vassals[2]: /dev/null can't be read", "vassals[2]"),
    ({"checks": [{"vassal": "/other.ini", "health": {"path": "/"}}]}, "checks[0].vassal: /other.ini is not among vassals; add it",
     "checks[0].vassal"),
    ({"checks": [{"vassal": "{0}", "health": {"path": "/"}}] * 2}, "checks[1].vassal: {0} has a check already",
     "checks[1].vassal"),
    ({"checks": [{"vassal": "{0}", "health": {}}]}, "checks[0].health: needs path, to send the", "checks[0].health"),
    ({"routers": [{"vassal": "/other.ini", "stats": "127.0.0.1:1"}]}, "routers[0].vassal: /other.ini is not among vassals",
     "routers[0].vassal"),
    ({"routers": [{"vassal": "{0}", "stats": "here"}]}, "routers[0].stats: 'here' is not a stats server", "routers[0].stats"),
    ({"routers": [{"vassal": "{0}", "stats": "127.0.0.1:1"}]}, "routers[0].stats: 127.0.0.1:1 does not answer", ""),
    ({"routers": [{"vassal": "{0}", "stats": "127.0.0.1:1"}], "state": "current"}, "routers: are for state=reloaded", "routers"),
    ({"sessions_timeout": -1}, "sessions_timeout: -1 is too small", "sessions_timeout"),
    ({"max_age": -1}, "max_age: -1 is too small", "max_age"),
    ({"vassal": "{0}"}, "parameters are mutually exclusive: vassal|vassals", ""),
    ({"vassals": None}, "one of the following is required: vassal, vassals", ""),
]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("arguments", "words", "argument"), REFUSED_TOGETHER)
def test_bad_arguments_touch_none(
    tmp_path: Path, arguments: dict[str, Any], words: str, argument: str, check: bool
) -> None:
    paths = several(tmp_path, 1)
    given = {"vassals": paths, **json.loads(json.dumps(arguments).replace("{0}", paths[0]))}
    with emperor(runs(0)) as stats:
        given = {"emperor_stats": stats.address, "timeout": BRIEF, **given}
        found = modules.run("uwsgi_reload", {name: value for name, value in given.items() if value is not None}, check)
    assert found.failed
    assert found.msg.startswith(words.replace("{0}", paths[0]))
    assert found.data.get("argument", "") == argument
    assert not is_touched(Path(paths[0]))


def router(pid: int, sessions: int, *nodes: str) -> bytes:
    """What a router's stats server says."""
    listed = [{"name": node, "last_check": LATER} for node in nodes]
    pools = [{"key": "a", "nodes": listed}]
    return json.dumps({"version": "2", "pid": pid, "active_sessions": sessions, "subscriptions": pools}).encode()


NODES = ("10.0.0.7:3031", "10.0.0.8:3031")
# What a router says before and after the reload, arguments, whether its file was touched, and the error.
ROUTERS: list[tuple[list[bytes], bytes, dict[str, Any], bool, str]] = [
    # The first answer is remembered; the second has no sessions left.
    ([router(7, 0)] * 2, router(8, 0), {}, True, ""),
    ([router(7, 0, *NODES)] * 2, router(8, 0, *NODES), {}, True, ""),
    ([router(7, 2), router(7, 1), router(7, 0)], router(8, 0), {"sessions_timeout": 30, "cut_sessions": False}, True, ""),
    ([router(7, 0)] * 2, router(7, 0), {}, True, "{0}: is still the process from before (after 1 s)"),
    ([router(7, 0, *NODES)] * 2, router(8, 0, NODES[1]), {}, True, "{0}: has 1 of 2 nodes again; 10.0.0.7:3031 of a is missing"),
    ([router(7, 0)] * 2, b"", {}, True, "{0}: its answer is not the JSON of a stats server"),
    ([], router(7, 1), {"cut_sessions": False}, False, "{0}: still has 1 sessions after 0 s, so nothing was reloaded; keep"),
]


@pytest.mark.parametrize(("before", "since", "arguments", "touched", "words"), ROUTERS)
def test_a_router_is_up_when_another_process_has_its_nodes(
    vassal: Path, before: list[bytes], since: bytes, arguments: dict[str, Any], touched: bool, words: str
) -> None:
    # The Emperor never says that a router accepts requests.
    with emperor(up(accepting=0)) as stats, serving(since, asked=False, before=before) as server:
        routers = [{"vassal": str(vassal), "stats": server.address}]
        found = run(vassal, stats.address, timeout=BRIEF if words else LONG, routers=routers, **arguments)
    assert (found.failed, is_touched(vassal)) == (bool(words), touched)
    assert found.msg.startswith(words.format(vassal)), found.msg
    assert found.data.get("cut_sessions", 0) == 0


def test_sessions_that_are_left_are_cut_with_a_warning(vassal: Path) -> None:
    with emperor(up(accepting=0)) as stats, serving(router(8, 0), asked=False, before=[router(7, 2)] * 2) as server:
        found = run(vassal, stats.address, routers=[{"vassal": str(vassal), "stats": server.address}])
    assert (found.failed, found.data["cut_sessions"]) == (False, 2)
    assert found.warnings == [f"{vassal}: 2 sessions were open when it was reloaded, and were cut"]
