# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the text of an ini file back to options; the conformance tests show that a real uWSGI reads the same."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import subscription
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import kvlist, parser, writer
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from support.text import TEXT

PATH = "/etc/uwsgi/vassals/shop.web.ini"
CONDITION = "is inside a condition or a loop"
MAGIC = "has a magic variable that depends on the host"
ENVIRONMENT = "depends on the environment"


def option(name: str, value: str, flaw: str = "", certain: bool = True) -> parser.Option:
    return parser.Option(name, value, flaw, certain)


# A section's lines, and its options: names and values.
READ: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("nothing", "", []),
    ("a line", "x = 1", [("x", "1")]),
    ("no blanks", "x=1", [("x", "1")]),
    ("blanks around", " \t\rx \t\r= \t\r1 \t\r", [("x", "1")]),
    ("blanks inside", "x y = 1 2\t\r3", [("x y", "1 2\t\r3")]),
    ("other white space stays", "x = \f1\v", [("x", "\f1\v")]),
    ("Windows", "x = 1\r\ny = 2\r\n", [("x", "1"), ("y", "2")]),
    ("equals signs", "x = a=b=c", [("x", "a=b=c")]),
    ("no equals sign", "x", [("x", "")]),
    ("a colon", "x: 1", [("x: 1", "")]),
    ("no value", "x =", [("x", "")]),
    ("no name", "= 1", [("", "1")]),
    ("repeated", "x = 1\nx = 2", [("x", "1"), ("x", "2")]),
    ("comments", "; x = 1\n # y = 2\nz = 3", [("z", "3")]),
    ("any letter begins a name", "Zx = 1", [("Zx", "1")]),
    ("no comments", "x = 1 ; 2 # 3\ny = ;4\nz = #5", [("x", "1 ; 2 # 3"), ("y", ";4"), ("z", "#5")]),
    ("quotes", "x = \"1\"\ny = '2'", [("x", '"1"'), ("y", "'2'")]),
    ("a backslash goes on with nothing", "x = 1\\\ny = 2", [("x", "1\\"), ("y", "2")]),
    ("another section", "x = 1\n[other]\ny = 2\n[uwsgi]\nz = 3", [("x", "1"), ("z", "3")]),
    ("an indented section", "x = 1\n  [other]  \ny = 2", [("x", "1")]),
    ("uWSGI is not UWSGI", "[UWSGI]\nx = 1\n[ uwsgi ]\ny = 2", []),
    ("something after a section", "[uwsgi] ; mine\nx = 1\n[uwsgi]\ny = 2", [("y", "2")]),
    ("a section's last character is cut", "[uwsgi\nx = 1\n[uwsgi)\ny = 2\n[\nz = 3", [("y", "2")]),
    ("a bracket as a value", "x = [other]\ny = 2", [("x", "[other]"), ("y", "2")]),
    ("the file", "x = %d|%n|%p|%s", [("x", "/etc/uwsgi/vassals/|shop.web|" + PATH + "|shop.web.ini")]),
    ("its folders", "x = %c|%e|%0|%1|%2|%3|%9", [("x", "vassals|ini|etc|uwsgi|vassals||")]),
    ("the file in a name", "%n = 1", [("shop.web", "1")]),
    ("per cent", "x = 100%%\ny = %%%%d", [("x", "100%"), ("y", "%%d")]),
    ("a comment that goes on", "; 100%\nx = 1\ny = 2", [("y", "2")]),
    ("a placeholder", "x = 1\ny = a%(x)b", [("x", "1"), ("y", "a1b")]),
    ("two signs are the same", "x = 1\ny = a%%(x)b", [("x", "1"), ("y", "a1b")]),
    ("two placeholders", "x = 1\ny = %(x)%(x)", [("x", "1"), ("y", "11")]),
    ("one that comes later", "y = %(x)\nx = 1", [("y", "1"), ("x", "1")]),
    ("the first of a name", "x = 1\nx = 2\ny = %(x)", [("x", "1"), ("x", "2"), ("y", "1")]),
    ("an empty one", "x =\ny = a%(x)b", [("x", ""), ("y", "ab")]),
    ("one in parentheses", "(x) = 1\ny = a%((x))b", [("(x)", "1"), ("y", "a1b")]),
    ("the inner one of two", "x = 1\ny = %(a%(x)", [("x", "1"), ("y", "%(a1")]),
    ("none without a name", "x = 1\ny = a%()%(x)", [("x", "1"), ("y", "a%()1")]),
    ("a parenthesis after one without a name", "x = 1\ny = a%()x)%(x)", [("x", "1"), ("y", "a%()x)1")]),
    ("none without its end", "x = %(x", [("x", "%(x")]),
    ("a sign before something else in one", "k = 1\ny = a%(%%z(k)", [("k", "1"), ("y", "a%(%z(k)")]),
    ("a sign before a name in one", "zk = 1\ny = a%(%%zk)", [("zk", "1"), ("y", "a%(%zk)")]),
    ("none with something in it", "k = 1\ny = a%%z(k)", [("k", "1"), ("y", "a%z(k)")]),
    ("a percent sign before one", "p = (k)\nk = 1\ny = a%%%(p)", [("p", "(k)"), ("k", "1"), ("y", "a1")]),
    ("what a placeholder brings", "p = x%(k)\nk = 1\ny = %(p)", [("p", "x1"), ("k", "1"), ("y", "x1")]),
    # uWSGI goes on after the first character of the text that replaced a placeholder.
    ("not at the first character", "y = %(p)\np = %(k)\nk = 1", [("y", "%(k)"), ("p", "1"), ("k", "1")]),
    ("but after it", "y = a%(p)\np = %(k)\nk = 1", [("y", "a1"), ("p", "1"), ("k", "1")]),
    ("a defined one", "set-ph = p=1\ny = %(p)", [("set-ph", "p=1"), ("p", "1"), ("y", "1")]),
    ("the longer name", "set-placeholder = p=1\ny = %(p)", [("set-placeholder", "p=1"), ("p", "1"), ("y", "1")]),
    ("equals signs in one", "set-ph = p=1=2\ny = %(p)", [("set-ph", "p=1=2"), ("p", "1=2"), ("y", "1=2")]),
    ("blanks in one", "set-ph = p = 1\ny = |%(p)|", [("set-ph", "p = 1"), ("p ", " 1"), ("y", "|%(p)|")]),
    ("a blank at its start", "set-ph = p= 1\ny = |%(p)|", [("set-ph", "p= 1"), ("p", " 1"), ("y", "| 1|")]),
    ("nothing is expanded in one", "set-ph = p=%(k)\nk = 1\nset-ph = q=$(A)", [
        ("set-ph", "p=%(k)"), ("p", "%(k)"), ("k", "1"), ("set-ph", "q=$(A)"), ("q", "$(A)"),
    ]),
    ("but in an option", "set = p=%(k)\nk = 1", [("set", "p=%(k)"), ("p", "1"), ("k", "1")]),
    ("a dollar from one", "set-ph = p=$\ny = %(p)(A)", [("set-ph", "p=$"), ("p", "$"), ("y", "$(A)")]),
    ("nothing is expanded in includes", "include = $(A)%(p)\nini = @(x)", [("include", "$(A)%(p)"), ("ini", "@(x)")]),
    ("an end without a condition", "endif =\nx = 1", [("endif", ""), ("x", "1")]),
    ("words like conditions", "ifx = 1\nform = 2\nx = 3", [("ifx", "1"), ("form", "2"), ("x", "3")]),
    ("dollars and at signs", "x = $A $ (B) a@b.c @ (d) ${E}", [("x", "$A $ (B) a@b.c @ (d) ${E}")]),
]


@pytest.mark.parametrize(("text", "options"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_read(text: str, options: list[tuple[str, str]]) -> None:
    found = parser.read("[uwsgi]\n" + text, PATH)
    assert [(one.name, one.value) for one in found] == options
    assert all(one.certain for one in found)
    flaws = [one.flaw for one in found if one.flaw]
    # In one case the real name of the placeholder ends in a blank.
    assert flaws == (["has a placeholder, %(p), that the files don't define"] if "|%(p)|" in str(options) else [])


# A section's lines, and why the last one isn't known: uWSGI's environment may hold anything.
UNKNOWN = [
    ("x = $(A)", ENVIRONMENT),
    ("x = a$$(A)", ENVIRONMENT),
    ("x = a@(/b)c", "depends on a file or a command"),
    ("x = %h", MAGIC),
    ("%h = x", MAGIC),
    ("x = %\ny = 1", MAGIC),
    ("x = a%", MAGIC),
    ("set-ph = p=%h", MAGIC),
    ("x = %(y)", "has a placeholder, %(y), that the files don't define"),
    ("x = %(1 + 2)", "has a placeholder, %(1 + 2), that the files don't define"),
    ("x = a%(k(1))b", "has a placeholder, %(k(1)), that the files don't define"),
    ("ini = other.ini\nx = %(ini)", "has a placeholder, %(ini), that the files don't define"),
    ("y = $(A)\nx = %(y)", "has a placeholder, %(y), that " + ENVIRONMENT),
    ("set-ph = p=%h\nx = %(p)", "has a placeholder, %(p), that " + MAGIC),
    ("resolve = p=router1\nx = %(p)", "has a placeholder, %(p), that depends on what a host name resolves to"),
    ("set = p=@(x)\nx = %(p)", "has a placeholder, %(p), that depends on a file or a command"),
    ("z = %(q)\ny = %(z)\nx = %(y)",
     "has a placeholder, %(y), that has a placeholder, %(z), that has a placeholder, %(q), that the files don't define"),
    ("set-ph = p=%(p)\nx = a%(p)", "has a placeholder that names itself"),
]


@pytest.mark.parametrize(("text", "flaw"), UNKNOWN)
def test_what_is_not_known_says_why(text: str, flaw: str) -> None:
    found = parser.read("[uwsgi]\n" + text, PATH)[-1]
    assert (found.flaw, found.certain) == (flaw, True)


def test_what_depends_on_the_host_stands_as_nul_which_no_text_has() -> None:
    assert [line.value for line in parser.lines("[uwsgi]\nx = a%hb%%", PATH)] == ["a\0b%"]


@pytest.mark.parametrize("opening", ["if-env = A", "if-not-file = /x", "if-exists = /x", "for = a b", "for-times = 3"])
@pytest.mark.parametrize("end", ["end", "endif", "end-if", "endfor", "end-for"])
def test_what_stands_in_a_condition_or_a_loop_is_uncertain(opening: str, end: str) -> None:
    text = f"[uwsgi]\na = 1\n{opening}\nb = 2\nelse =\nset-ph = c=3\n{end} =\nd = 4\ne = %(c)"
    name, dummy, value = opening.partition(" = ")
    assert parser.read(text, PATH) == [
        option("a", "1"),
        option(name, value),
        option("b", "2", CONDITION, False),
        option("else", "", CONDITION, False),
        option("set-ph", "c=3", CONDITION, False),
        option("c", "3", CONDITION, False),
        option(end, ""),
        option("d", "4"),
        option("e", "%(c)", "has a placeholder, %(c), that " + CONDITION),
    ]


def test_which_lines_are_taken_as_they_are() -> None:
    text = "[uwsgi]\ninclude = a\nini = b\nset = c=1\nset-ph = d=2\nset-placeholder = e=3\nf = 4"
    assert [(line.name, line.fixed) for line in parser.lines(text, PATH)] == [
        ("include", True),
        ("ini", True),
        ("set", True),
        ("c", False),
        ("set-ph", True),
        ("d", True),
        ("set-placeholder", True),
        ("e", True),
        ("f", False),
    ]


def test_an_option_is_known_and_open_unless_it_says_otherwise() -> None:
    assert parser.Line("x", "1") == ("x", "1", False, True, "")
    assert parser.Option("x", "1") == ("x", "1", "", True)


def test_another_section() -> None:
    text = "[uwsgi]\nx = 1\n[shop]\nx = 2\n"
    assert parser.read(text, PATH, "shop") == [option("x", "2")]
    assert parser.read(text, PATH, "none") == []
    for section in ("uwsgi", "Z"):
        assert parser.read("x = 1", PATH, section) == []


def test_many_placeholders_are_expanded() -> None:
    text = "[uwsgi]\np = 1\nx = a" + "%(p)" * 900
    assert parser.read(text, PATH)[1] == option("x", "a" + "1" * 900)


def test_the_options_of_several_files_are_one_space() -> None:
    first = parser.lines("[uwsgi]\nx = %(b)\nset-ph = a=1", "/one.ini")
    second = parser.lines("[uwsgi]\nset-ph = b=2\ny = %(a)%n", "/two.ini")
    found = {one.name: one.value for one in parser.expanded(first + second)}
    assert (found["x"], found["y"]) == ("2", "1two")


@settings(max_examples=1000, deadline=None)
@given(st.lists(TEXT, max_size=12))
def test_what_is_written_is_read_back(values: list[str]) -> None:
    wanted = [
        writer.Line(f"x{at}", value) for at, value in enumerate(values) if writer.literal_flaw(value) is None
    ]
    found = parser.read(writer.render("uwsgi", wanted, "Managed"), PATH)
    assert [one for one in found if one.name.startswith("x")] == [option(line.name, line.value) for line in wanted]


# uWSGI's names for the fields of an entry.
ENTRY = {"key": "key", "address": "addr", "suspend_file": "check", "sni_cert": "sni_crt", "sni_key": "sni_key"}


@settings(max_examples=300, deadline=None)
@given(TEXT, st.fixed_dictionaries({name: TEXT.map(lambda text: "/" + text) for name in ENTRY if name != "key"}))
def test_the_fields_of_a_subscription_are_read_back(key: str, others: dict[str, str]) -> None:
    entry: dict[str, Any] = {"server": "10.0.0.2:2626", "key": key, **others}
    try:
        lines = subscription.fragment({"subscriptions": [entry]}, _dialect.V2_0).lines
    except ArgumentError:
        # Hypothesis complains if most examples are like that.
        reject()
    read = parser.read(writer.render("uwsgi", lines), PATH)[-1]
    assert read.flaw == ""
    assert kvlist.parse(read.value) == {"server": entry["server"], **{ENTRY[name]: entry[name] for name in ENTRY}}


LARGE = "has placeholders that stand for more than 65536 characters"
MANY = "has a placeholder, and the files have too many of them"


def test_placeholders_that_double_are_given_up() -> None:
    doubled = "".join(f"p{at} = %(p{at - 1})%(p{at - 1})\n" for at in range(1, 40))
    found = {one.name: one for one in parser.read(f"[uwsgi]\nset-ph = p0=a\n{doubled}x = %(p39)", PATH)}
    assert (len(found["p15"].value), found["p15"].flaw) == (2**15, "")
    assert found["p16"].flaw == LARGE
    assert found["x"].flaw.startswith("has a placeholder, %(p39), that has a placeholder, %(p38), that ")
    assert len(found["x"].flaw) == 503


def test_one_character_more_is_too_long() -> None:
    for size, flaw in ((2**16 - 4, ""), (2**16 - 3, LARGE)):
        assert parser.read(f"[uwsgi]\np = {'a' * size}\nx = %(p)", PATH)[1].flaw == flaw


def test_reasons_are_cut_when_they_are_longer_than_500_characters() -> None:
    before, after = "has a placeholder, %(", "), that the files don't define"
    for size, end in ((500, ""), (501, "...")):
        name = "a" * (size - len(before + after))
        assert parser.read(f"[uwsgi]\nx = %({name})", PATH)[0].flaw == (before + name + after)[:500] + end


def test_many_short_values_of_one_placeholder_are_given_up() -> None:
    found = parser.read("[uwsgi]\nset-ph = p=1\n" + "x = %(p)\n" * 70_000, PATH)
    assert (found[20_000].flaw, found[-1].flaw) == ("", MANY)


def test_many_placeholders_behind_long_text_are_given_up() -> None:
    line = "x = " + "a" * 50_000 + "%(p)" * 450 + "\n"
    found = parser.read("[uwsgi]\nset-ph = p=1\n" + line * 2, PATH)
    assert [one.flaw for one in found[2:]] == ["", MANY]


def test_many_values_of_placeholders_without_an_end_are_given_up() -> None:
    # Each brings what is looked through in vain.
    text = "[uwsgi]\nset-ph = p=" + "%(" * 15_000 + ")" + "\n" + "x = %(p)\n" * 100
    found = parser.read(text, PATH)
    assert [one.flaw for one in found[2:]] == [""] * 34 + [MANY] * 66


def test_what_follows_the_last_placeholder_is_not_looked_for_one() -> None:
    assert parser.read("[uwsgi]\nset-ph = p=1\nx = %(p)%(%(p)(a%()%(p", PATH)[-1].value == "1%(1(a%()%(p"


def test_many_long_values_of_one_placeholder_do_not_fill_the_memory() -> None:
    text = "[uwsgi]\nset-ph = p=" + "a" * 60000 + "\n" + "x = %(p)\n" * 20000
    found = parser.read(text, PATH)
    assert sum(len(one.value) for one in found) < 8 * 10**6
    assert (found[2].flaw, found[-1].flaw) == ("", MANY)


def test_magic_variables_do_not_fill_the_memory() -> None:
    path = "/" + "a" * 4000 + "/shop.ini"
    assert len(parser.lines("[uwsgi]\nx = " + "%p" * 1000, path)[0].value) == 1000 * len(path)
    with pytest.raises(parser.TooMuchError) as caught:
        parser.lines("[uwsgi]\nx = " + "%p" * 1100, path)
    assert str(caught.value) == "is longer than 4194304 characters with its magic variables; use fewer"


def test_a_long_text_without_magic_variables_is_read() -> None:
    # Each would be one behind a per cent sign.
    text = "p" * 2**22
    assert parser.with_magic(text, PATH) == text


def test_all_sections_are_read_at_once() -> None:
    text = "a = 1\n[uwsgi]\nif-x = 1\nb = 2\n[shop]\nc = 3\n[none]\n[uwsgi]\nd = 4\nendif =\ne = 5"
    found = parser.sections(text, PATH)
    assert {name: [(one.name, one.certain) for one in lines] for name, lines in found.items()} == {
        "": [("a", True)],
        "uwsgi": [("if-x", True), ("b", False), ("d", False), ("endif", True), ("e", True)],
        "shop": [("c", True)],
    }


NO_FOLDERS = dict.fromkeys("0123456789", "")
# A path and its magic variables.
VARIABLES: list[tuple[str, dict[str, str]]] = [
    (f"{parser.UNKNOWN}/shop.ini", {"d": f"{parser.UNKNOWN}/", "n": "shop", "p": f"{parser.UNKNOWN}/shop.ini", "s": "shop.ini"}),
    ("/srv/Z/shop.ini", {
        **NO_FOLDERS, "d": "/srv/Z/", "n": "shop", "p": "/srv/Z/shop.ini", "s": "shop.ini",
        "c": "Z", "e": "ini", "0": "srv", "1": "Z",
    }),
    ("/shop", {**NO_FOLDERS, "d": "/", "n": "shop", "p": "/shop", "s": "shop", "c": "", "e": ""}),
    ("/0/1/2/3/4/5/6/7/8/9/10/shop", {
        **{number: number for number in NO_FOLDERS}, "d": "/0/1/2/3/4/5/6/7/8/9/10/", "n": "shop",
        "p": "/0/1/2/3/4/5/6/7/8/9/10/shop", "s": "shop", "c": "10", "e": "",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("path", "variables"), VARIABLES, ids=["not known", "with an ending", "without", "many folders"])
def test_a_path_decides_variables_as_far_as_it_is_known(path: str, variables: dict[str, str]) -> None:
    assert parser.path_variables(path) == variables
