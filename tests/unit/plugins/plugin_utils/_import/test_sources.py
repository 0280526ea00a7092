# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""Sections, and files that a file includes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._dialect import V2_0
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import convert, sources
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import.problems import Limits
from support.converted import PATH, SUB, Cases, S, assert_case, found_in, keys, read
from support.text import is_said

_NOT_GIVEN = "brings the options of another file, which is not given; give its text in files"
_NO_FORMAT = "names a file whose ending is none that uWSGI knows; it starts only with a plugin for such files"
_VASSALS = "brings every vassal of this Emperor the options of another file, not this instance; convert it with a vassal's file"
INCLUDED: Cases = [
    ("ini = :web\n[web]\n" + SUB + "%n.%x", keys("shop.web"), []),
    ("ini = %p:web\n[web]\n" + SUB + "a", keys("a"), []),
    ("include = more.ini", keys("more.shop"), []),
    ("ini = more.ini:web", keys("web."), []),
    ("include = /y.yml", keys("yaml"), []),
    ("yaml = /y.yml:web", keys("web"), []),
    ("json = /j.json", keys("json"), []),
    ("xml = /x.xml", keys("xml"), []),
    ("xmlconfig = /x.xml", keys("xml"), []),
    ("yml = /y.yml:web", keys("web"), []),
    ("js = /j.json", keys("json"), []),
    ("include = /etc/uwsgi/vassals/more.ini\nini = :web", keys("more.shop", "web."), []),
    # The last ini file is still the one that is read.
    ("include = /y.yml\nini = :web\n[web]\n" + SUB + "own", keys("yaml", "own"), []),
    ("include = other.ini\nini = :web\n[web]\nx = 1", {}, [("include = other.ini", _NOT_GIVEN), ("ini = :web", _NOT_GIVEN)]),
    ("include = other.conf", {}, [("include = other.conf", _NO_FORMAT)]),
    ("inherit = other.conf", {}, [("inherit = other.conf", _NO_FORMAT)]),
    ("sqlite = other.db", {}, [("sqlite = other.db", _NOT_GIVEN)]),
    (
        "ini = more.ini:web\n[web]\nsubscribe-freq = 3",
        keys("web."),
        [
            (
                "subscribe-freq = 3",
                "stands in the section [web], which this instance doesn't read; its reader is uWSGI started with FILE:web",
            )
        ],
    ),
    ("include = more.ini:web", {}, [("include = more.ini:web", _NO_FORMAT)]),
    ("ini = exec://cat", {}, [("ini = exec://cat", _NOT_GIVEN)]),
    (
        "if-env = A\ninclude = more.ini\nendif =",
        {},
        [("include = more.ini", "brings the options of another file in a condition or a loop")],
    ),
    ("inherit = /t.ini", {}, [(SUB + "%(ph)", "subscriptions[0].key: '%(ph)' has '%('...")]),
    (
        f"subscribe-to = {S}:@/etc/keys",
        {"subscriptions": [{"server": S, "key": "a"}, {"server": S, "key": "b", "modifier": 5}]},
        [
            (
                f"subscribe-to = {S}:@/etc/keys",
                "has its keys in /etc/keys, which uWSGI reads at each announcement; the arguments have those of the given text",
            )
        ],
    ),
    (
        f"st = 10.0.0.7:1={S}:@/etc/keys,5",
        {},
        [
            (
                f"st = 10.0.0.7:1={S}:@/etc/keys,5",
                "has its keys in the file /etc/keys,5, which is not given; give its text in files, or the keys",
            )
        ],
    ),
    ("vassals-include = more.ini", {}, [("vassals-include = more.ini", _VASSALS)]),
    ("vassal-inherit-before = more.ini", {}, [("vassal-inherit-before = more.ini", _VASSALS)]),
]


@pytest.mark.parametrize(("text", "expected", "left_over"), INCLUDED)
def test_what_is_included_is_followed_or_named(text: str, expected: dict[str, Any], left_over: list[tuple[str, str]]) -> None:
    assert_case(text, expected, left_over)


# Options that load a file whatever its name ends in, and its text.
LOADED: list[tuple[str, str]] = [
    ("ini", f"[uwsgi]\n{SUB}a\n"),
    *((name, f"<uwsgi><st>{S}:a</st></uwsgi>") for name in ("xml", "xmlconfig")),
    *((name, f"uwsgi:\n  st: {S}:a\n") for name in ("yaml", "yml")),
    *((name, f'{{"uwsgi": {{"st": "{S}:a"}}}}') for name in ("json", "js")),
]


@pytest.mark.parametrize(("name", "text"), LOADED)
def test_the_name_of_an_option_says_how_its_file_is_read(name: str, text: str) -> None:
    assert found_in(f"[uwsgi]\n{name} = /file\n", V2_0, files={"/file": text}) == (keys("a"), [])


def test_a_section_without_a_file_is_one_of_the_last_ini_file() -> None:
    found = found_in('{"uwsgi": {"ini": ":web"}, "web": {"x": 1}}', V2_0, "/v/a.json")
    assert found == ({}, [("ini = :web", _NOT_GIVEN)])


@pytest.mark.parametrize("text", ["include = /loop.ini", "ini = :uwsgi", "ini = :web\n[web]\nini = :web"])
def test_what_includes_itself_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="includes itself, so uWSGI never starts"):
        read(text)


@pytest.mark.parametrize(("count", "refused"), [(15, False), (16, True)])
def test_files_include_each_other_so_deep_and_no_deeper(count: int, refused: bool) -> None:
    files = {f"/{at}.ini": f"[uwsgi]\ninclude = /{at + 1}.ini\n" for at in range(count)}
    files[f"/{count - 1}.ini"] = f"[uwsgi]\n{SUB}a\n"
    text = "[uwsgi]\ninclude = /0.ini\n"
    if refused:
        with pytest.raises(ArgumentError) as caught:
            found_in(text, V2_0, PATH, files=files)
        assert str(caught.value) == "files: include each other more than 16 files deep"
    else:
        assert found_in(text, V2_0, PATH, files=files).arguments == keys("a")


def test_a_file_whose_name_has_a_placeholder_is_not_known() -> None:
    files = {"/v/%(x)a.ini": f"[uwsgi]\n{SUB}a\n"}
    found = convert.converted("[uwsgi]\nini = %(x)a.ini\n", V2_0, "/v/b.ini", files=files)
    assert (found.arguments, [one.line for one in found.left_over]) == ({}, ["ini = %(x)a.ini"])


# A text, files, and why they are not read with these limits.
LIMITS = Limits(100, 150, 3)
TOO_MUCH: list[tuple[str, dict[str, str], str]] = [
    (
        "[uwsgi]\nx = 1",
        {f"/{at}": "" for at in range(257)},
        "files: has more than 256 files or 100 characters; leave out what it does not include",
    ),
    (
        "[uwsgi]\nx = 1",
        {"/a": "a" * 51, "/b": "b" * 50},
        "files: has more than 256 files or 100 characters; leave out what it does not include",
    ),
    ("[uwsgi]\nx = 1\n" + "a" * 87, {}, "text: is longer than 100 characters; leave out what uWSGI does not need"),
    (
        "[uwsgi]\nini = :a\n[a]\nini = :b\n[b]\nx = 123456789012\n",
        {},
        "text: has its files read again until they are more than 150 characters",
    ),
    (
        "[uwsgi]\nini = /a.ini\nx = 1\n",
        {"/a.ini": "[uwsgi]\ny = 1\nz = 1\n"},
        "text: comes to more than 3 lines with what it includes",
    ),
    (
        "[uwsgi]\nini = /a.json\njson = /a.json",
        {"/a.json": "{"},
        "files[/a.json]: is not JSON, so uWSGI doesn't start with it: ...",
    ),
    ("[uwsgi]\nini = :web\n[web]\nini = :uwsgi", {}, "text: has a section [uwsgi] that includes itself, so uWSGI never starts"),
]


@pytest.mark.parametrize(("text", "files", "why"), TOO_MUCH)
def test_more_than_is_read_is_refused(text: str, files: dict[str, str], why: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        convert.converted(text, V2_0, "/v/a.ini", files=files, limits=LIMITS)
    assert is_said(why, str(caught.value))


def test_all_that_the_limits_allow_is_read() -> None:
    text = "[uwsgi]\nini = /a.ini\nst = 10.0.0.2:1:@/k\n#23456789\n"
    files = {"/a.ini": "[uwsgi]\nx=" + "a" * 40, "/k": "k" * 49, "/b": "b"}
    found = convert.converted(text, V2_0, "/v/a.ini", files=files, limits=LIMITS)
    assert found.arguments == {"subscriptions": [{"server": "10.0.0.2:1", "key": "k" * 49}]}
    again = "[uwsgi]\nini = :a\n[a]\nini = :b\n[b]\nx = 12345678901\n"
    assert convert.converted(again, V2_0, "/v/a.ini", limits=LIMITS).left_over == []
    exact = "[uwsgi]\nx = 1\n" + ";" * 86
    assert convert.converted(exact, V2_0, files={str(at): "" for at in range(256)}, limits=LIMITS).left_over == []


# A file that is given, its text, the path of the instance's own, which includes it, and the key that is announced in it.
PATHS: list[tuple[str, str, str, str]] = [
    ("/w/b.ini", "%p %d %s %n %e %c %0", "/v/a.ini", "/w/b.ini /w/ b.ini b ini w w"),
    ("/w/b.ini", "%P %D %S %N %E %C", "/v/x/a.ini", "/v/x/a.ini /v/x/ a.ini a ini x"),
    ("/w/b.ini", "%x.%X.", "/v/a.ini", ".."),
    ("/w/b.ini", "%x.%X.", "/v/a.ini:web", ".web."),
    ("b.ini", "%p %d %n %s", "", "%?/%? %?/ %? %?"),
    ("b.ini", "%p", "/v/a.ini", "%?/%?"),
]


@pytest.mark.parametrize(("name", "key", "path", "expected"), PATHS)
def test_a_file_has_its_own_path_and_that_of_the_first(name: str, key: str, path: str, expected: str) -> None:
    files = {name: f"[uwsgi]\n{SUB}{key}\n"}
    found = convert.converted(f"[uwsgi]\nini = {name}\n[web]\nini = {name}\n", V2_0, path, files=files)
    said = [one["key"] for one in found.arguments.get("subscriptions", [])]
    assert said + [one.line[len(SUB) :] for one in found.left_over] == [expected]


def test_marked_variables_stay_as_they_are() -> None:
    text = "[uwsgi]\nx = %n %N %h\nini = /%n.ini\nini = /%h.ini\n"
    marks = {"n": "<", "N": "<", "h": ">"}
    found = sources.Sources(text, "/v/b.ini", "uwsgi", "", {"/b.ini": "[uwsgi]\ny = %n %N %h\n"}, marks).read()
    assert [(one.line.name, one.line.value, one.why) for one in found] == [
        ("x", "< < >", ""),
        ("ini", "/<.ini", ""),
        ("y", "b < >", ""),
        ("ini", "/>.ini", _NOT_GIVEN),
    ]


# A line that names a file, the path of the instance's own, and what of the files is wanted.
NAMED: list[tuple[str, str, list[str]]] = [
    ("ini = b.ini", "/v/a.ini", ["/v/b.ini"]),
    ("ini = ../b.ini", "/v/a.ini", ["/b.ini"]),
    ("ini = b.ini", "", []),
    ("ini = /b.ini", "", ["/b.ini"]),
    ("ini = exec://b", "/v/a.ini", []),
    ("ini = %h.ini", "/v/a.ini", []),
    ("json = ", "/v/a.ini", []),
    ("vassals-include = /b.ini", "/v/a.ini", []),
    ("unbit = b.ini", "/v/a.ini", []),
]


@pytest.mark.parametrize(("line", "path", "expected"), NAMED)
def test_files_are_named_from_the_folder_of_the_instance(line: str, path: str, expected: list[str]) -> None:
    read = sources.Sources(
        f"[uwsgi]\n{line}\n", path, "uwsgi", "", {"exec://b": "[uwsgi]\nx = 1", "/v/exec:/b": "[uwsgi]\nx = 1"}
    )
    assert ([one.line.name for one in read.read()], read.wanted) == ([line.partition(" ")[0]], expected)
