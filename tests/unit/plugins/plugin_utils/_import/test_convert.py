# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From files back to arguments: files that the collection writes, and files that people write."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import subscription, table, values
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import kvlist, parser, writer
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import convert, problems
from hypothesis import given, settings
from hypothesis import strategies as st
from support.converted import PATH, Cases, S, assert_case, found_in, keys, read
from support.stream import computed
from support.text import TEXT

T = "10.0.0.3:2626"
OF_A_ROUTER = "is an option of the router in this instance; keep it in the router's file, or use the role fastrouter"
V2_0, V2_1 = _dialect.V2_0, _dialect.V2_1


def one(**fields: Any) -> dict[str, Any]:
    return {"subscriptions": [{"server": S, "key": "a", **fields}]}


# Lines of a section that convert completely, and the arguments.
SAID: list[tuple[str, dict[str, Any]]] = [
    ("socket = :3031\nmaster = true", {}),
    ("subscribe2 = server=" + S + ",key=a", one()),
    ("  subscribe2=server=" + S + ",key=a\r\n; subscribe2 = server=x", one()),
    ("subscribe2 = key=b,key=a,server=" + S, one()),
    (f"subscribe2 = server={S},key=a,addr=/run/a\\,b\\\\c", one(address="/run/a,b\\c")),
    (f"subscribe2 = server={S},key=a,socket=1,weight=2", one(address=1, balancing_weight=2)),
    (f"subscribe2 = server={S},key=a,modifier1=5", one(modifier=5)),
    (f"subscribe2 = server={S},key=a,modifier1=5,modifier2=7", one(modifier={"modifier1": 5, "modifier2": 7})),
    (f"subscribe2 = server={S},key=a,modifier2=7", one(modifier={"modifier1": 0, "modifier2": 7})),
    (f"subscribe2 = server={S},key=a,check=/run/out/%n", one(suspend_file="/run/out/shop")),
    (f"subscribe2 = server={S},key=a,sign=SHA1:/k:1.pem", one(signing=["SHA1", "/k:1.pem"])),
    (f"subscribe2 = server={S},key=a,sni_crt=/c,sni_key=/k,sni_ca=!/a",
     one(sni_cert="/c", sni_key="/k", sni_client_ca="!/a")),
    (f"set-ph = router={S}\nsubscribe2 = server=%(router),key=a", one()),
    ("subscribe-to = " + S + ":a", one()),
    (f"subscribe = {S}:a,5", one(modifier=5)),
    (f"subscribe = {S}:a,10", one(modifier=10)),
    (f"st = {S}:a:80,0,SHA256:/k", one(key="a:80", modifier=0, signing=["SHA256", "/k"])),
    (f"st = 10.0.0.7:3031={S}:a", one(address="10.0.0.7:3031")),
    ("st = /run/s.sock:a", one(server="/run/s.sock")),
    # They differ only in server and key, and have the order that an entry writes.
    ("\n".join(f"subscribe2 = server={s},key={k}" for s in (S, T) for k in "ab"),
     {"subscriptions": [{"server": [S, T], "key": ["a", "b"]}]}),
    ("\n".join(f"subscribe2 = server={s},key={k}" for k in "ab" for s in (S, T)),
     {"subscriptions": [{"server": s, "key": k} for k in "ab" for s in (S, T)]}),
    ("subscription-tolerance = 30\nsubscription-algo = lrc\nsubscription-dotsplit =",
     {"server_params": {"tolerance": 30, "balancing_algo": "least_reference_count", "key_dot_split": True}}),
    ("subscriptions-sign-check = SHA1:/etc/keys\nsubscriptions-sign-skip-uid = 33\nsubscriptions-sign-skip-uid = 34",
     {"server_verification_params": {"digest_algo": "SHA1", "dir_cert": "/etc/keys", "no_check_uid": [33, 34]}}),
    ("subscriptions-credentials-check = /c/\nsubscriptions-use-credentials = yes",
     {"server_verification_params": {"dir_credentials": ["/c/"], "pass_unix_credentials": True}}),
    ("subscribe-freq = 3\nstart-unsubscribed = OFF\nunsubscribe-on-graceful-reload = maybe",
     {"client_params": {"announce_interval": 3, "start_unsubscribed": False, "unsubscribe_on_reload": True}}),
]  # fmt: skip
HEAD = "subscribe2 = server=" + S
_ANNOUNCES_NOTHING = ", so uWSGI announces nothing"
_WHOLE = "holds for the whole instance; give each subscription a {} instead"
_KEPT = "is announced with the weight {} of a subscribe2 line, which uWSGI 2.0 keeps"
_NO_OPTION = "is not an option of uWSGI 2, which ignores it unless it is strict"
_OTHER_FILE = "brings the options of another file, which is not given; give its text in files"
_OTHER_SECTION = "stands in the section [other], which this instance doesn't read; its reader is uWSGI started with FILE:other"
_NO_TARGET = "has no SERVER:KEY" + _ANNOUNCES_NOTHING
# Lines of which the first after the section heads is left over, the arguments, and the reason.
LEFT: list[tuple[str, dict[str, Any], str]] = [
    ("subscribe2 = junk", {}, "has no server and no key" + _ANNOUNCES_NOTHING),
    (f"subscribe2 = server = {S},key=a", {}, "has no server" + _ANNOUNCES_NOTHING),
    (HEAD, {}, "has no key" + _ANNOUNCES_NOTHING),
    (HEAD + ", key=a", {}, "has no key" + _ANNOUNCES_NOTHING),
    (HEAD + ",key=", {}, "has no key" + _ANNOUNCES_NOTHING),
    (HEAD + ",key=a,foo=1", one(), "has the field 'foo', which uWSGI doesn't know and ignores"),
    (HEAD + ",key=a,backup=1", one(), "has the field 'backup', which uWSGI 2.0 ignores"),
    (HEAD + ",key=a,address=10.0.0.7:1", {}, "has address=, which uWSGI 2.0 ignores and 2.1 takes as addr=; write addr="),
    (HEAD + ",key=a,addr=10.0.0.7:1,socket=0", {},
     "has addr= and socket=; which of them counts depends on the instance's sockets; leave one of them"),
    (HEAD + ",key=a,addr=7", {}, "has addr=7, which uWSGI takes as a path; for a socket's number write socket="),
    ("subscribe-to = " + S, {}, _NO_TARGET),
    (f"subscribe-to = {S}:", {}, _NO_TARGET),
    ("subscribe-to = /run/s.sock", {}, _NO_TARGET),
    ("subscribe-to =", {}, _NO_TARGET),
    (f"subscribe-to = {S}:@/etc/other", {},
     "has its keys in the file /etc/other, which is not given; give its text in files, or the keys"),
    (f"subscribe-to = =0={S}:a", {}, "names a shared socket by its number, which no argument does; give its address"),
    ("weight = 3", {}, _WHOLE.format("balancing_weight")),
    ("auto-weight = true", {}, _WHOLE.format("balancing_weight")),
    ("subscribe-with-modifier1 = 5", {}, _WHOLE.format("modifier")),
    ("subscription-slot = a", {}, _NO_OPTION),
    ("subscribe_freq = 3", {}, _NO_OPTION),
    ("unsubscribe-now = 1", {}, _NO_OPTION),
    ("subscribe-freq = 3\nsubscribe-freq = 4", {"client_params": {"announce_interval": 4}},
     "is followed by another of its name, and uWSGI takes the last"),
    ("subscriptions-sign-check = /etc/keys", {}, "has no colon between the digest and the folder of keys"),
    ("include = /etc/uwsgi/more.ini", {}, _OTHER_FILE),
    ("inherit = /etc/uwsgi/more.ini", {}, _OTHER_FILE),
    ("yaml = /etc/uwsgi/more.yml", {}, _OTHER_FILE),
    ("[other]\nmaster = true\nsubscribe-freq = 3", {}, _OTHER_SECTION),
    ("[other] \t\r\nsubscribe-freq = 3\n[other]", {}, _OTHER_SECTION),
    (HEAD + f",key=a\nsubscribe2 = server={S},key=b,weight=2\nsubscribe2 = server={S},key=c,weight=5",
     {"subscriptions": [{"server": S, "key": key, "balancing_weight": weight} for key, weight in (("a", 5), ("b", 2), ("c", 5))]},
     _KEPT.format(5)),
    (HEAD + f",key=a,weight=x\nsubscribe2 = server={S},key=b,weight=5\nsubscribe2 = server={S},key=c,weight=2",
     {"subscriptions": [{"server": S, "key": key, "balancing_weight": weight} for key, weight in (("b", 5), ("c", 2))]},
     "subscriptions[0].balancing_weight: 'x' is not a whole number"),
    (HEAD + f",key=a\nsubscribe2 = server={S},key=b,weight=5",
     {"subscriptions": [{"server": S, "key": ["a", "b"], "balancing_weight": 5}]},
     _KEPT.format(5)),
    (f"subscribe-to = {S}:@/etc/keys",
     {"subscriptions": [{"server": S, "key": "a"}, {"server": S, "key": "b", "modifier": 5}]},
     "has its keys in /etc/keys, which uWSGI reads at each announcement; the arguments have those of the given text"),
    ("vassal-set = subscribe_freq=3", {},
     "sets subscribe_freq in every vassal of this Emperor, and not in this instance; give it to each of them"),
    ("vassal-set = weight=3", {},
     "sets weight in every vassal of this Emperor, and not in this instance; give each of them subscriptions[].balancing_weight"),
    ("declare-option = heavy=weight=$1", {}, "declares the option heavy, which no line uses"),
    (f"declare-option = log=logger=$1;subscribe-to={S}:a", {}, "declares the option log, which no line uses"),
]  # fmt: skip
# The same with a reason from the reader or from the check of the arguments: words of it.
HANDED_ON: list[tuple[str, str]] = [
    ("subscribe2 = server=router1:2626,key=a", "resolve_server"),
    ("subscribe2 = server=[::1]:2626,key=a", "resolve_server"),
    (HEAD + ",key=a,addr=:3031", "wildcard"),
    (HEAD + ",key=a,weight=heavy", "not a whole number"),
    (HEAD + ",key=a,modifier1=300", "8 bits"),
    (HEAD + ",key=a,modifier1=php", "where a number belongs"),
    (HEAD + ",key=a,sign=SHA1", "not a digest and a key file"),
    (HEAD + ",key=a,check=run/out", "not an absolute path"),
    (HEAD + ",key=a,sni_crt=/c", "needs sni_key"),
    (HEAD + ",key=" + 256 * "a", "crash the router"),
    (HEAD + ",key=$(HOSTNAME)", "depends on the environment"),
    (HEAD + ",key=@(/etc/hostname)", "depends on a file"),
    (HEAD + ",key=%h", "magic variable"),
    (HEAD + ",key=%(name)", "placeholder, %(name), that the files don't define"),
    (f"if-env = A\n{HEAD},key=a\nendif =", "inside a condition"),
    ("subscribe-to = router1:2626:a", "resolve_server"),
    ("subscribe-to = :2626:a", "':2626' is neither an IPv4 address and a port"),
    ("subscribe-to = 10.0.0.2::a", "'10.0.0.2:' is neither an IPv4 address and a port"),
    ("subscribe-to = /:a", "'/' names no socket"),
    (f"subscribe-to = {S}:,5", "is empty"),
    (f"subscribe-to = {S}:a,,SHA1:/k", "has '' where a number belongs"),
    (f"subscribe-to = {S}:a,", "where a number belongs"),
    (f"subscribe-to = {S}:a,php", "where a number belongs"),
    (f"subscribe-to = {S}:a,5,SHA1", "not a digest and a key file"),
    ("subscribe-freq = 0", "is not between 1 and"),
    ("subscription-algo = random", "silently use wrr"),
    ("subscription-algo = iphash", "2.1"),
    ("subscription-clear-on-shutdown = true", "2.1"),
    ("subscriptions-credentials-check = /c/shop-", "not a folder"),
]


@pytest.mark.parametrize(("lines", "expected"), SAID)
def test_what_people_write_is_said_with_arguments(lines: str, expected: dict[str, Any]) -> None:
    assert read(lines) == (expected, [])


@pytest.mark.parametrize(("lines", "expected", "why"), LEFT)
def test_what_arguments_do_not_say_is_given_back(lines: str, expected: dict[str, Any], why: str) -> None:
    line = next(line for line in lines.split("\n") if line[0] != "[" and line != "master = true")
    assert read(lines) == (expected, [(line, why)])


@pytest.mark.parametrize(("lines", "why"), HANDED_ON)
def test_what_others_refuse_is_given_back_with_their_reason(lines: str, why: str) -> None:
    found = read(lines)
    assert found.arguments == {}
    assert len(found.left_over) == 1
    assert why in found.left_over[0][1]


def test_a_newer_uwsgi_reads_more() -> None:
    found = read(HEAD + ",key=a,backup=1,inactive=0,algo=lrc,weight=2\n" + HEAD + ",key=b,weight=3", V2_1)
    first = {"balancing_algo": "least_reference_count", "backup_level": 1, "inactive": True, "balancing_weight": 2}
    second = {"server": S, "key": "b", "balancing_weight": 3}
    assert found == ({"subscriptions": [{"server": S, "key": "a", **first}, second]}, [])


def test_a_line_above_the_first_section_is_given_back() -> None:
    found = found_in("subscribe-freq = 3\n[uwsgi]\nmaster = true\n", V2_0)
    assert found == ({}, [("subscribe-freq = 3", "stands in no section, where uWSGI doesn't read it")])


# Characters of an option that another stands for, and of these so many as are shown.
@pytest.mark.parametrize(("count", "shown"), [(300, "a" * 280), (301, "a" * 280 + "...")])
def test_a_reason_shows_so_much_of_what_an_option_stands_for(count: int, shown: str) -> None:
    name = "a" * (count - len("subscription-slot = "))
    found = read(f"declare-option = slot=subscription-slot=$1\nslot = {name}")
    assert found.left_over == [(f"slot = {name}", f"comes to subscription-slot = {shown}, which {_NO_OPTION}")]


def test_so_many_lines_are_given_back_and_no_more() -> None:
    def left(fields: str) -> list[Any]:
        limits = problems.Limits(1000, 1000, 3)
        return convert.converted(f"[uwsgi]\n{HEAD},key=a,{fields}\n", V2_0, limits=limits).left_over

    assert len(left("x=1,y=2,z=3")) == 3
    with pytest.raises(ArgumentError) as caught:
        left("w=0,x=1,y=2,z=3")
    assert str(caught.value) == "text: has more than 3 lines that no argument says"


def test_what_not_every_uwsgi_reads_alike_is_noted() -> None:
    why = "is read so by a uWSGI that was built with libyaml, such as Debian's; others, such as PyPI's, read no quotes or lists"
    other = "is read so only by a uWSGI without libyaml, such as PyPI's; with libyaml it is something else"
    found = found_in(f"uwsgi:\n  subscribe2: 'server={S},key=a'\n  master: '1'\n", V2_0)
    assert found == (one(), [(HEAD + ",key=a", why), (f"subscribe2 = 'server={S},key=a'", other)])


# The text of an instance, and the files that it needs.
WANTED: list[tuple[str, list[str]]] = [
    (f"[uwsgi]\ninclude = more.ini\nini = /web.ini\nst = {S}:@/keys\nst = {S}:@/keys\n", ["/v/more.ini", "/web.ini", "/keys"]),
    (f"[uwsgi]\nst = {S}:@/given\n", []),
    ("uwsgi:\n  include: more.ini\n", ["/v/more.ini"]),
    ("[uwsgi]\nini = :uwsgi\ninclude = a.ini\n", []),
    ("[uwsgi]\ninclude = a.ini\n" + ";" * 2**20, []),
]


@pytest.mark.parametrize(("text", "expected"), WANTED)
def test_files_that_are_not_given_are_wanted(text: str, expected: list[str]) -> None:
    assert convert.wanted(text, V2_0, "/v/shop", {"/given": "a\n"}) == expected


# An option, whether what it says of subscriptions is converted, and whether it's about those of a router.
ABOUT: list[tuple[str, str, bool, bool]] = [
    ("weight", "3", True, False),
    ("subscription-slot", "a", True, False),
    ("unsubscribe-now", "1", True, False),
    ("vassal-set", "weight=3", True, False),
    ("vassal-set", "processes=3", False, False),
    ("http-resubscribe", "/r", False, True),
    ("fastrouter-subscription-server", "/r", False, True),
    ("fastrouter", "/r", False, False),
    ("processes", "weight", False, False),
]


@pytest.mark.parametrize(("name", "value", "about", "router"), ABOUT)
def test_options_about_subscriptions_are_known(name: str, value: str, about: bool, router: bool) -> None:
    assert (convert.is_about(name, value), convert.is_router(name)) == (about, router)


def test_without_its_path_what_depends_on_it_is_given_back() -> None:
    found = found_in(f"[uwsgi]\n{HEAD},key=%n\n{HEAD},key=%N\n{HEAD},key=a,check=%dx\n", V2_0)
    assert [line for line, dummy in found.left_over] == [HEAD + ",key=%?", HEAD + ",key=%?", HEAD + ",key=a,check=%?/x"]
    assert found.arguments == {}


@pytest.mark.parametrize("text", ["", "\ufeff[uwsgi]\nx = 1\n", "[uwsgi]\n"])
def test_a_text_without_the_section_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        convert.converted(text, V2_0)
    assert str(caught.value) == "text: has no option in a section [uwsgi]; uWSGI would start without any"


# Texts, the section that is wanted, and the sections that the error names.
MANY = "".join(f"[s{at}]\nx = 1\n" for at in range(25))
WITHOUT: list[tuple[str, str, str]] = [
    ("[UWSGI]\nx = 1\n", "uwsgi", "only in [UWSGI]; name"),
    ("[fastrouter]\nx = 1\n[stats1]\ny = 1\n[stats2]\nz = 1", "uwsgi", "only in [fastrouter], [stats1], [stats2]; name"),
    ("[uwsgi]\nx = 1\n[zerg]\ny = 1\n", "zorg", "only in [uwsgi], [zerg]; name"),
    ('{"a": {"x": 1}, "b": {"y": 2}, "c": 3}', "uwsgi", "only in [a], [b]; name"),
    ("a:\n  x: 1\nb:\n  y: 2\n", "uwsgi", "only in [a], [b]; name"),
    ("[a\x1b[31m]\nx = 1", "uwsgi", "only in [a\\x1b[31m]; name"),
    (MANY, "uwsgi", "[s19] and 5 more; name"),
    ("".join(f"[s{at}]\nx = 1\n" for at in range(20)), "uwsgi", "[s18], [s19]; name"),
    ("[" + "a" * 101 + "]\nx = 1", "uwsgi", "only in [" + "a" * 100 + "]; name"),
]


@pytest.mark.parametrize(("text", "section", "words"), WITHOUT)
def test_the_error_names_the_sections_and_the_argument(text: str, section: str, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        convert.converted(text, V2_0, section=section)
    assert str(caught.value).startswith(f"text: has no option in a section [{section}], only in ")
    assert words in str(caught.value)
    assert str(caught.value).endswith("name the one to read with the argument section")


ZERG = f"[uwsgi]\nmaster = true\n[zerg]\nsubscribe-to = {S}:z\n[x]\ny = 1\n"
ZERGS = "zergs of an Emperor in broodlord mode"


@pytest.mark.parametrize(
    ("path", "section", "read"),
    [("", "uwsgi", "uwsgi"), ("", "zerg", "zerg"), ("/a.ini:zerg", "uwsgi", "zerg"), ("/a.ini:x", "zerg", "zerg")],
)
def test_the_result_names_the_sections(path: str, section: str, read: str) -> None:
    found = convert.converted(ZERG, V2_0, path, section)
    readers = {"uwsgi": "uWSGI started with FILE:uwsgi", "zerg": ZERGS, "x": "uWSGI started with FILE:x"}
    assert found.sections == [
        (name, name == read, "this instance" if name == read else reader) for name, reader in readers.items()
    ]
    if read == "zerg":
        assert (found.arguments, found.left_over) == ({"subscriptions": [{"server": S, "key": "z"}]}, [])
    else:
        why = f"stands in the section [zerg], which this instance doesn't read; its reader is {ZERGS}"
        assert (found.arguments, found.left_over) == ({}, [(f"subscribe-to = {S}:z", why)])


def test_what_stands_before_all_sections_is_read_by_nobody() -> None:
    found = convert.converted("a = 1\n[uwsgi]\nmaster = true\n", V2_0)
    assert found.sections == [("", False, "nobody"), ("uwsgi", True, "this instance")]


def _accepted(kind: str) -> st.SearchStrategy[str]:
    """Any text that a kind accepts."""

    def good(text: str) -> bool:
        try:
            getattr(values, kind)("", text)
        except ArgumentError:
            return False
        return True

    prefix = "" if kind in ("key", "vassal_name") else "/"
    return TEXT.map(lambda text: prefix + text).filter(good)


_OF_KIND: dict[str, st.SearchStrategy[Any]] = {
    "algorithm": st.sampled_from(_dialect.ALGORITHM_CHOICES),
    "client_ca": st.builds(str.__add__, st.sampled_from(["", "!"]), _accepted("file")),
    "digest": st.sampled_from(["SHA1", "SHA256", "sha3-256"]),
    "directory": _accepted("directory"),
    "directories": st.lists(_accepted("directory"), min_size=1, max_size=2),
    "flag": st.booleans(),
    "mark": st.booleans(),
    "keys": st.lists(_accepted("key"), min_size=1, max_size=2),
    "level": st.integers(0, 9),
    "modifier": st.one_of(st.integers(0, 255), st.sampled_from(["php", "psgi"]),
                          st.fixed_dictionaries({"modifier1": st.integers(0, 255), "modifier2": st.integers(0, 255)})),
    "address": st.one_of(st.integers(0, 255), st.just("10.0.0.7:3031"), _accepted("socket_path")),
    "file": _accepted("file"),
    "positive": st.integers(1, 99999),
    "servers": st.lists(st.sampled_from([S, T, "/run/a,b.sock"]), min_size=1, max_size=2),
    "signing": st.tuples(st.just("SHA256"), _accepted("file")).map(list),
    "socket_path": _accepted("socket_path"),
    "uids": st.lists(st.integers(1, 70000), min_size=1, max_size=2),
    "protocol": st.sampled_from(["http", "uwsgi"]),
    "vassal": _accepted("vassal_name"),
}  # fmt: skip


def _group(name: str) -> st.SearchStrategy[dict[str, Any]]:
    of_row = {row.argument: _OF_KIND[row.kind.name] for row in table.GROUPS[name] if row.argument != "check_file"}
    required = {argument: of_row.pop(argument) for argument in ("server", "key") if argument in of_row}
    return st.fixed_dictionaries(required, optional=of_row)


_ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "subscriptions": st.lists(_group("subscriptions"), min_size=1, max_size=3),
        **{name: _group(name) for name in subscription.GROUPS},
    },
)


def _written(arguments: dict[str, Any], release: _dialect.Release) -> str:
    return writer.render("uwsgi", [writer.Line("master", "true"), *subscription.fragment(arguments, release).lines])


@settings(max_examples=200, deadline=None)
@given(_ARGUMENTS)
def test_what_the_collection_writes_comes_back_as_the_same_text(arguments: dict[str, Any]) -> None:
    # Arguments get the others that they need; otherwise most generated examples would be refused.
    for entry in arguments.get("subscriptions", []):
        if {"sni_cert", "sni_key", "sni_client_ca"} & set(entry):
            entry.setdefault("sni_cert", "/c")
            entry.setdefault("sni_key", "/k")
        if arguments.get("client_params", {}).get("clear_on_exit"):
            entry.setdefault("address_vassal", "v")
        # A domain and its own mountpoints can't be used together.
        entry["key"] = [key.replace("/", "_") for key in entry["key"]]
    checks = arguments.get("server_verification_params", {})
    if {"digest_algo", "dir_cert"} & set(checks):
        checks.setdefault("digest_algo", "SHA1")
        checks.setdefault("dir_cert", "/d")
    text = _written(arguments, V2_1)
    found = found_in(text, V2_1, PATH)
    assert found.left_over == []
    assert _written(found.arguments, V2_1) == text


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["addr", "key", "server", "weight", "check", "sign", "x"]), TEXT), max_size=4))
def test_any_fields_are_said_exactly_or_given_back(pairs: list[tuple[str, str]]) -> None:
    tail = ",".join("{}={}".format(name, value.replace("\\", "\\\\").replace(",", "\\,")) for name, value in pairs)
    line = writer.render("uwsgi", [writer.Line("subscribe2", HEAD[13:] + ",key=a," + tail.replace("%(", "("))])
    wanted = kvlist.parse(next(one.value for one in parser.read(line, PATH) if one.name == "subscribe2"))
    found = found_in(line, V2_0, PATH)
    if "subscriptions" not in found.arguments:
        assert len(found.left_over) == 1
        return
    (said,) = [kvlist.parse(one.value) for one in subscription.fragment(found.arguments, V2_0).lines]
    ignored = {name for name in wanted if name not in said}
    assert {name: value for name, value in wanted.items() if name not in ignored | {"weight"}} == {
        name: value for name, value in said.items() if name != "weight"
    }
    assert len(found.left_over) == len(ignored)


def test_many_sections_are_read_in_time() -> None:
    text = "[uwsgi]\nx = 1\n" + "".join(f"[s{at}]\nsubscribe2 = a\n" for at in range(5000))
    with computed(3):
        assert len(convert.converted(text, (2, 0)).left_over) == 5000


def test_a_text_has_its_limit() -> None:
    text = "[uwsgi]\n" + ";" * (2**20 - 12) + "\nx=1"
    assert found_in(text, V2_0) == ({}, [])
    with pytest.raises(ArgumentError) as caught:
        convert.converted(text + "2", V2_0)
    assert str(caught.value) == "text: is longer than 1048576 characters, so it is no ini file that uWSGI runs with"


@pytest.mark.parametrize("text", ["[uwsgi]\n" + "x" * 2**20, "[uwsgi]\nx=" + "%p" * 500000])
def test_a_text_that_nobody_runs_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"^text: is longer than ") as caught:
        convert.converted(text, (2, 0), "/v/shop.ini")
    assert caught.value.path == "text"


# Lines that are neither announcements nor options of routers and clients, but that add subscriptions.
OTHERS: Cases = [
    ("set = subscribe-to=" + S + ":a", keys("a"), []),
    ("set-ph = subscription-server=" + S + "\nsubscribe-to = %(subscription-server):a", keys("a"), []),
    (f"subscription-server = {S}\nsubscribe-to = %(subscription-server):a", keys("a"), []),
    (
        f"set-ph = subscribe-to={S}:a",
        {},
        [(f"subscribe-to = {S}:a", "is an option and so can't be a placeholder; uWSGI doesn't start")],
    ),
    (
        "resolve = router=router1\nsubscribe-to = %(router):2626:a",
        {},
        [("subscribe-to = %(router):2626:a", "has a placeholder, %(router), that depends on what a host name resolves to")],
    ),
    (
        f"vassals-set = subscribe2=server={S},key=a",
        {},
        [
            (
                f"vassals-set = subscribe2=server={S},key=a",
                "sets subscribe2 in every vassal of this Emperor, and not in this instance; give each of them subscriptions",
            )
        ],
    ),
    (
        "vassal-set = subscribe-freq=3",
        {},
        [
            (
                "vassal-set = subscribe-freq=3",
                "sets subscribe-freq in every vassal of this Emperor, and not in this instance; "
                "give each of them client_params.announce_interval",
            )
        ],
    ),
    ("vassals-set = processes=3", {}, []),
    ("fastrouter-subscription-server = 10.0.0.2:2626", {}, [("fastrouter-subscription-server = 10.0.0.2:2626", OF_A_ROUTER)]),
    ("http-resubscribe = 10.0.0.2:2626", {}, [("http-resubscribe = 10.0.0.2:2626", OF_A_ROUTER)]),
]


@pytest.mark.parametrize(("text", "expected", "left_over"), OTHERS)
def test_what_else_brings_subscriptions_is_followed_or_named(
    text: str, expected: dict[str, Any], left_over: list[tuple[str, str]]
) -> None:
    assert_case(text, expected, left_over)
