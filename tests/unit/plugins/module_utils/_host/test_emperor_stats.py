# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an Emperor says about its vassals."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._host import emperor_stats
from ansible_collections.emperor.uwsgi.plugins.module_utils._host.emperor_stats import Emperor, State, Vassal
from ansible_collections.emperor.uwsgi.plugins.module_utils._pool.stats import StatsError

PATH = "/etc/uwsgi/vassals/shop.ini"
ADDRESS = "127.0.0.1:3031"
STATES: List[Tuple[Dict[str, Any], State]] = [
    ({"vassals": [{"id": PATH, "last_mod": 5, "accepting": 1}]}, State(Vassal(PATH, 5, True))),
    ({"vassals": [{"id": "shop.ini", "last_mod": 5, "accepting": 0}]}, State(Vassal("shop.ini", 5))),
    ({"vassals": [{"id": PATH}]}, State(Vassal(PATH))),
    ({"vassals": [{"id": PATH, "ready": 1}]}, State(Vassal(PATH, ready=True))),
    ({"vassals": [{"id": PATH, "respawns": 3, "last_run": 7}]}, State(Vassal(PATH, respawns=3, started=7))),
    ({"vassals": [{"id": PATH, "cursed": 1, "on_demand": "", "pid": -1}]}, State(Vassal(PATH, cursed=True))),
    ({"vassals": [{"id": PATH, "on_demand": ADDRESS, "pid": -1}]}, State(Vassal(PATH, on_demand=ADDRESS, asleep=True))),
    ({"vassals": [{"id": PATH, "on_demand": ADDRESS, "pid": 7}]}, State(Vassal(PATH, on_demand=ADDRESS))),
    ({"vassals": [{"id": "other.ini", "last_mod": 5, "accepting": 1}]}, State()),
    ({"vassals": [], "blacklist": [{"id": PATH, "attempt": 3}]}, State(failing=3)),
    ({"vassals": [], "blacklist": [{"id": PATH, "attempt": 0}]}, State(failing=0)),
    ({"vassals": [], "blacklist": [{"id": "shop.ini"}]}, State(failing=1)),
    ({"vassals": [{"id": PATH}], "blacklist": [{"id": PATH, "attempt": 3}]}, State(Vassal(PATH), failing=3)),
    ({"vassals": [], "blacklist": [{"id": "other.ini", "attempt": 3}]}, State()),
    ({"vassals": [{"id": PATH, "last_mod": 5}, {"id": PATH, "last_mod": 6}]}, State(Vassal(PATH, 5))),
    ({"vassals": [], "blacklist": [{"id": PATH, "attempt": at} for at in (3, 4, 2)]}, State(failing=4)),
    ({"vassals": [{"id": PATH, "last_mod": 2**64 - 1}]}, State(Vassal(PATH, 2**64 - 1))),
]


@pytest.mark.parametrize(("stats", "state"), STATES)
def test_the_emperors_stats_say_what_becomes_of_a_vassal(stats: Dict[str, Any], state: State) -> None:
    assert emperor_stats.state(emperor_stats.parse(json.dumps(stats).encode()), PATH) == state


NO_JSON = "its answer is not the JSON of a stats server: "
NO_EMPEROR = "it is not an Emperor's stats server"
NO_VASSALS = "its answer has no valid list of vassals"
REFUSED = [
    (b"", NO_JSON + "Expecting value: line 1 column 1 (char 0)"),
    (b"{", NO_JSON + "Expecting property name"),
    (b"[" * 100000, NO_JSON + "it is nested too deeply"),
    (b"[]", NO_EMPEROR),
    (b'{"version": "2.0", "subscriptions": []}', NO_EMPEROR),
    (b'{"vassals": 5}', NO_VASSALS),
    (b'{"vassals": [5]}', NO_VASSALS),
    (b'{"vassals": [{}]}', NO_VASSALS),
    (b'{"vassals": [{"id": "a", "last_mod": []}]}', NO_VASSALS),
    (b'{"vassals": [{"id": "a", "last_mod": Infinity}]}', NO_JSON + "Infinity is not a number of JSON"),
    (b'{"vassals": [{"id": "a", "last_mod": NaN}]}', NO_JSON + "NaN is not a number of JSON"),
    (b'{"vassals": [{"id": "a", "last_mod": ' + b"1" * 4301 + b"}]}", NO_JSON + "a number has more than 4300 digits"),
    (b'{"vassals": {}}', NO_VASSALS),
    (b'{"vassals": null}', NO_VASSALS),
    (b'{"vassals": [], "blacklist": {}}', NO_VASSALS),
    (b'{"vassals": [], "blacklist": null}', NO_VASSALS),
    *[(b'{"vassals": [{"id": %s}]}' % value, NO_VASSALS) for value in (b"5", b"null", b"true", b"[]", b'"\\ud800"')],
    *[(b'{"vassals": [], "blacklist": [{"id": %s}]}' % value, NO_VASSALS) for value in (b"5", b"null", b"[]", b'"\\ud800"')],
    *[(b'{"vassals": [{"id": "a", "on_demand": %s}]}' % value, NO_VASSALS) for value in (b"5", b"null", b"[]", b'"\\ud800"')],
    *[(b'{"vassals": [{"id": "a", "on_demand": "/s", "%s": %s}]}' % (name, value), NO_VASSALS)
      for name in (b"last_mod", b"accepting", b"cursed", b"pid")
      for value in (b"1.0", b'"1"', b"null", b"true", b"18446744073709551616", b"-9223372036854775809", b"1e3")],
    *[(b'{"vassals": [], "blacklist": [{"id": "a", "attempt": %s}]}' % value, NO_VASSALS)
      for value in (b"1.0", b'"1"', b"null", b"true", b"18446744073709551616")],
    (b'{"vassals": [], "blacklist": [{}]}', NO_VASSALS),
    *[(b'{"vassals": [], "pid": %s}' % value, NO_VASSALS) for value in (b"1.0", b'"1"', b"null", b"18446744073709551616")],
]  # fmt: skip


@pytest.mark.parametrize(("raw", "problem"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_emperors_answer_is_an_error(raw: bytes, problem: str) -> None:
    with pytest.raises(StatsError) as caught:
        emperor_stats.parse(raw)
    # The rest is the text of Python's own JSON reader.
    found = str(caught.value)
    assert found.startswith(problem) if problem.startswith(NO_JSON) else found == problem


def test_a_path_is_read_whatever_bytes_it_has() -> None:
    # uWSGI escapes nothing in paths.
    raw = b'{"vassals": [{"id": "/v/\xff\x01\n.ini", "last_mod": 5}], "blacklist": []}'
    assert emperor_stats.parse(raw) == Emperor([Vassal("/v/\ufffd\x01\n.ini", 5)], {})


def test_an_emperor_is_asked_over_its_address() -> None:
    def get(url: str, timeout: float) -> bytes:
        assert (url, timeout) == ("http://127.0.0.1:5000/", 7)
        return b'{"pid": 7, "vassals": [{"id": "a"}], "blacklist": [{"id": "b", "attempt": 2}]}'

    assert emperor_stats.ask("http://127.0.0.1:5000/", 7, get) == Emperor([Vassal("a")], {"b": 2}, 7)


def test_an_error_of_an_emperors_answer_names_its_address() -> None:
    with pytest.raises(StatsError) as caught:
        emperor_stats.ask("http://127.0.0.1:5000/", 7, lambda url, timeout: b"[]")
    assert str(caught.value) == "http://127.0.0.1:5000/: " + NO_EMPEROR


def test_more_vassals_than_any_emperor_runs_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert emperor_stats._MOST_VASSALS == 100000
    monkeypatch.setattr(emperor_stats, "_MOST_VASSALS", 3)
    most = {"vassals": [{"id": "a"}, {"id": "b"}], "blacklist": [{"id": "c"}]}
    assert len(emperor_stats.parse(json.dumps(most).encode()).vassals) == 2
    for name, own in most.items():
        more = {**most, name: [*own, {"id": "d"}]}
        with pytest.raises(StatsError, match=r"^its answer has more than 3 vassals$"):
            emperor_stats.parse(json.dumps(more).encode())
