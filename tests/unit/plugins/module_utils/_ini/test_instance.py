# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance announces according to its files; the conformance tests show that a real node announces the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini.instance import Announcement
from support import included

PLACE = "vassal"
FOLDER = "/etc/uwsgi/vassals/"
VASSAL = FOLDER + "shop.ini"
LINE = "subscribe2 = server=10.0.0.2:2626,key=a.test"


def files(**texts: str) -> Callable[[str], bytes]:
    """A reader of files in FOLDER, given by their names without the suffix."""
    found = {f"{FOLDER}{name}.ini": text for name, text in texts.items()}

    def read(path: str) -> bytes:
        name = os.path.normpath(path)
        if name not in found:
            raise FileNotFoundError(2, "No such file or directory", path)
        return f"[uwsgi]\n{found[name]}\n".encode()

    return read


def announced(**texts: str) -> List[Announcement]:
    return instance.read(PLACE, VASSAL, files(**texts)).announcements()


# The lines besides "subscribe2 = server=10.0.0.2:2626,key=a.test", more of its fields, and the address.
ADDRESSES = [
    ("socket = 10.0.0.7:3031", "", "10.0.0.7:3031"),
    ("uwsgi-socket = 10.0.0.7:3031", "", "10.0.0.7:3031"),
    ("http-socket = 10.0.0.7:80\nsocket = 10.0.0.7:3031", "", "10.0.0.7:80"),
    ("socket = 10.0.0.7:3031\nsocket = 10.0.0.7:3032", ",socket=1", "10.0.0.7:3032"),
    ("fastcgi-socket = :1\nscgi-nph-socket = :2\nraw-socket = :3", ",socket=2", ":3"),
    ("socket = a:1\nsocket = a:2", ",socket=2", "a:1"),
    ("socket = a:1\nsocket = a:2", ",socket=-1", "a:1"),
    ("socket = a:1\nsocket = a:2", ",socket=", "a:1"),
    ("socket = a:1\nsocket = a:2", ",socket= 1x", "a:2"),
    ("socket = a:1\nsocket = a:2", ",socket=x", "a:1"),
    ("socket = a:1", ",addr=b:2", "b:2"),
    ("socket = a:1", ",socket=0,addr=b:2", "a:1"),
    ("socket = a:1", ",socket=1,addr=b:2", "b:2"),
    ("", ",addr=b:2", "b:2"),
    ("socket = /run/shop.sock", "", "/run/shop.sock"),
    ("socket = @shop", "", "@shop"),
    ("https-socket = 10.0.0.7:443,/crt,/key", "", "10.0.0.7:443"),
    ("suwsgi-socket = 10.0.0.7:443,/crt,/key", "", "10.0.0.7:443"),
    ("ssl-socket = 10.0.0.7:443,/crt,/key", "", "10.0.0.7:443"),
    ("socket = a:1,b", "", "a:1,b"),
    ("socket = %(ip):3031\nset-ph = ip=10.0.0.7", "", "10.0.0.7:3031"),
    ("socket = $(IP):1\nsocket = a:2", ",socket=1", "a:2"),
    ("socket = /run/%n.sock", "", "/run/shop.sock"),
    ("socket-timeout = 3\nsocket = a:1", "", "a:1"),
    ("if-env = X\nvacuum = true\nendif =\nsocket = a:1", "", "a:1"),
    ("socket = a:1\nif-env = X\nsocket = b:2\nendif =", "", "a:1"),
    ("set = socket=a:1", "", "a:1"),
    ("s = b:2\nsocket = a:1", "", "a:1"),
]


@pytest.mark.parametrize(("lines", "fields", "address"), ADDRESSES)
def test_the_address_is_the_one_that_uwsgi_takes(lines: str, fields: str, address: str) -> None:
    assert announced(shop=f"{lines}\n{LINE}{fields}") == [
        Announcement(PLACE, "10.0.0.2:2626", "a.test", address, None, None)
    ]


def test_all_that_an_announcement_says() -> None:
    line = LINE + ",addr=a:1,sign=SHA256:/k/a\\,b:c.pem,check=/run/suspend\\,shop,modifier1=5,modifier2=300,weight=9"
    assert announced(shop=line) == [
        Announcement(PLACE, "10.0.0.2:2626", "a.test", "a:1", ("SHA256", "/k/a,b:c.pem"), "/run/suspend,shop", (5, 44))
    ]


def test_every_line_is_one() -> None:
    lines = [f"subscribe2 = server={server},key={key},addr=a:1" for server in ("1.2.3.4:5", "/run/r") for key in "ab"]
    found = announced(shop="\n".join(lines))
    assert [(one.server, one.key) for one in found] == [
        ("1.2.3.4:5", "a"),
        ("1.2.3.4:5", "b"),
        ("/run/r", "a"),
        ("/run/r", "b"),
    ]


@pytest.mark.parametrize("case", included.CASES.values(), ids=included.CASES.keys())
def test_included_files(case: included.Case) -> None:
    found = instance.read(PLACE, VASSAL, files(**case.texts)).options
    assert [(one.name, one.value) for one in found if one.name in "xy"] == case.options
    assert [one.flaw for one in found if one.flaw] == []


def test_real_files_and_what_is_no_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "shop.ini"
    path.write_bytes(b"[uwsgi]\nsocket = a:1\n" + LINE.encode() + b"\xff\n")
    found = instance.read(PLACE, str(path)).announcements()
    assert [one.key for one in found] == ["a.test\udcff"]


def test_a_linked_folder_is_followed_and_a_linked_file_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uWSGI does the same with %d and %n, since the Emperor starts a vassal in its folder."""
    (tmp_path / "real").mkdir()
    includes = ["more/b.ini", f"{tmp_path}/linked/more/b.ini", "more/c.ini"]
    (tmp_path / "real" / "shop.ini").write_text("\ninclude = ".join(["[uwsgi]\nx = %d%n", *includes]))
    (tmp_path / "linked").symlink_to("real")
    (tmp_path / "real" / "web.ini").symlink_to("shop.ini")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.ini").write_text("[uwsgi]\nx = %p\n")
    (tmp_path / "real" / "more").symlink_to("../other")
    (tmp_path / "other" / "c.ini").symlink_to("b.ini")
    monkeypatch.chdir(tmp_path)
    for path in (str(tmp_path / "linked" / "web.ini"), os.path.join("linked", "web.ini")):
        found = [one.value for one in instance.read(PLACE, path).options if one.name == "x"]
        assert found == [f"{tmp_path}/real/web", *[f"{tmp_path}/other/b.ini"] * 2, f"{tmp_path}/real/more/c.ini"]


NOBODY_KNOWS = "so the file does not say what is announced; pass subscriptions"
REFUSED: List[Tuple[str, Dict[str, str], str]] = [
    ("no file", {}, VASSAL + " can't be read: No such file or directory"),
    ("nothing announced", {"shop": "socket = a:1"}, VASSAL + " has no subscribe2, so it announces nothing"),
    *[("an older way", {"shop": f"{LINE},addr=a:1\n{name} = 10.0.0.2:2626:b"},
       f"{VASSAL} has {name}, which knows no suspend file; write it as subscribe2")
      for name in ("subscribe", "subscribe-to", "st")],
    ("no included file", {"shop": "include = b.ini"}, FOLDER + "b.ini can't be read: No such file or directory"),
    ("a circle", {"shop": "include = b.ini", "b": "include = shop.ini"}, VASSAL + " includes itself"),
    ("a placeholder in an include", {"shop": "set-ph = a=b\ninclude = %(a).ini", "b": "x = 1"},
     FOLDER + "%(a).ini can't be read: No such file or directory"),
    ("a variable in an include", {"shop": "include = %h.ini"},
     VASSAL + ": include = %?.ini has a magic variable that depends on the host, " + NOBODY_KNOWS),
    ("an include in a condition", {"shop": "if-env = A\ninclude = b.ini\nendif =", "b": LINE},
     VASSAL + ": include = b.ini is inside a condition or a loop, " + NOBODY_KNOWS),
    ("a file of another kind", {"shop": "include = b.yml"}, VASSAL + ": include = b.yml does not end in .ini, " + NOBODY_KNOWS),
    ("a section that include does not know", {"shop": "include = b.ini:web"},
     VASSAL + ": include = b.ini:web does not end in .ini, " + NOBODY_KNOWS),
    ("another language", {"shop": "yaml = b.yml"},
     VASSAL + ": yaml = b.yml brings options that aren't read here, " + NOBODY_KNOWS),
    ("a template of another kind", {"shop": "inherit = b.xml"},
     VASSAL + ": inherit = b.xml does not end in .ini, " + NOBODY_KNOWS),
    ("the environment", {"shop": LINE + "$(A)"},
     "a subscribe2 line depends on the environment, so the file does not say what it announces; pass subscriptions"),
    ("a condition", {"shop": "if-env = A\n" + LINE},
     "a subscribe2 line is inside a condition or a loop, so the file does not say what it announces; pass subscriptions"),
    ("no server", {"shop": "subscribe2 = key=a"}, "a subscribe2 line has no server, so uWSGI announces nothing"),
    ("junk", {"shop": "subscribe2 = junk"}, "a subscribe2 line has no server and no key, so uWSGI announces nothing"),
    ("an empty key", {"shop": "subscribe2 = server=1.2.3.4:5,key="}, "a subscribe2 line has no key, so uWSGI announces nothing"),
    ("a relative suspend file", {"shop": LINE + ",check=suspend"},
     "a subscribe2 line has check=suspend, which uWSGI takes from whatever folder it runs in; give an absolute path"),
    ("a relative key file", {"shop": LINE + ",sign=SHA1:a.pem"},
     "a subscribe2 line has sign=SHA1:a.pem, which uWSGI takes from whatever folder it runs in; give an absolute path"),
    ("no socket", {"shop": LINE}, "the key 'a.test' is announced with socket 0 of an instance that isn't known here; give the "
     "vassal, or subscriptions with an address"),
    ("a socket of another file", {"shop": LINE + ",socket=2,addr=a:1"}, "the key 'a.test' is announced with socket 2 of an "
     "instance that isn't known here; give the vassal, or subscriptions with an address"),
    ("the address of 2.1", {"shop": "socket = b:2\n" + LINE + ",address=a:1"},
     "a subscribe2 line has address=, which uWSGI 2.0 ignores and 2.1 doesn't; write addr="),
    ("a socket of the environment", {"shop": "socket = $(IP):1\n" + LINE},
     "the instance's socket '$(IP):1' depends on the environment; give subscriptions with an address"),
    ("a socket of the host", {"shop": "socket = %h:1\n" + LINE},
     "the instance's socket '%?:1' has a magic variable that depends on the host; give subscriptions with an address"),
    ("a shared socket", {"shop": "socket = =0\n" + LINE},
     "the instance's socket '=0' is known to the running instance only; give subscriptions with an address"),
    ("any port", {"shop": "socket = 127.0.0.1:0\n" + LINE},
     "the instance's socket '127.0.0.1:0' is known to the running instance only; give subscriptions with an address"),
    ("any interface", {"shop": "socket = 10.0.*:3031\n" + LINE},
     "the instance's socket '10.0.*:3031' is known to the running instance only; give subscriptions with an address"),
    ("a socket that may exist", {"shop": "if-env = A\nsocket = a:1\nendif =\n" + LINE},
     "the instance's socket 'a:1' is inside a condition or a loop; give subscriptions with an address"),
    ("one after it", {"shop": "if-env = A\nsocket = a:1\nendif =\nsocket = b:2\n" + LINE + ",socket=1"},
     "the instance's socket 'b:2' comes after one that is inside a condition or a loop; give subscriptions with an address"),
]


@pytest.mark.parametrize(("texts", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_known_or_silenced_is_refused(texts: Dict[str, str], problem: str) -> None:
    with pytest.raises(ArgumentError) as found:
        announced(**texts)
    assert (found.value.path, found.value.problem) == (PLACE, problem)


# Servers, and whether uWSGI sends anything there.
SERVERS = [
    ("10.0.0.2:2626", True),
    ("127.1:65535", True),
    ("/run/router.sock", True),
    ("run/router.sock", False),
    ("/run/a:1", False),
    ("localhost:2626", False),
    ("[::1]:2626", False),
    (":2626", False),
    ("10.0.0.2", False),
    ("10.0.0.2:", False),
    ("10.0.0.2:0", False),
    ("10.0.0.2:65536", False),
    ("10.0.0.2:999999", False),
    ("10.0.0.2:2626x", False),
    ("10.0.0.2:+1", False),
]


@pytest.mark.parametrize(("server", "good"), SERVERS)
def test_servers(server: str, good: bool) -> None:
    line = f"subscribe2 = server={server},key=a.test,addr=a:1"
    if good:
        assert [one.server for one in announced(shop=line)] == [server]
        return
    with pytest.raises(ArgumentError) as found:
        announced(shop=line)
    assert found.value.problem == (
        f"a subscribe2 line has the server {server!r}, which is neither an IPv4 address and a port nor the absolute path of a "
        "unix socket; give one that is"
    )


def test_of_lines() -> None:
    places = [("subscriptions[0]", "server=1.2.3.4:5,key=a,addr=b:1"), ("subscriptions[1]", "server=/r,key=%(x),addr=b:1")]
    assert instance.of_lines(places) == [
        Announcement("subscriptions[0]", "1.2.3.4:5", "a", "b:1", None, None),
        Announcement("subscriptions[1]", "/r", "%(x)", "b:1", None, None),
    ]
    with pytest.raises(ArgumentError) as found:
        instance.of_lines([("subscriptions[2]", "server=/r,key=a,socket=1")])
    assert found.value.path == "subscriptions[2]"


# A file's line, whether it announces itself so that it can be silenced, and whether it does at all.
ANNOUNCING = [
    ("subscribe2 = server=1.2.3.4:5,key=a,addr=b:1", True, True),
    ("subscribe-to = 1.2.3.4:5:a", False, True),
    ("subscribe = 1.2.3.4:5:a", False, True),
    ("st = 1.2.3.4:5:a", False, True),
    ("socket = 1.2.3.4:5", False, False),
]


@pytest.mark.parametrize(("line", "announces", "subscribes"), ANNOUNCING)
def test_what_announces_itself(line: str, announces: bool, subscribes: bool) -> None:
    one = instance.read(PLACE, VASSAL, files(shop=line))
    assert (one.announces, one.subscribes) == (announces, subscribes)


def test_the_names_of_vassals_are_known_by_key_and_address() -> None:
    named = instance.of_lines([("s[0]", "server=/r,key=a,addr=b:1,vassal=shop"), ("s[1]", "server=/r,key=c,addr=b:1")])
    assert instance.vassals(named) == {("a", "b:1"): "shop"}


def test_each_suspend_file_is_told_once() -> None:
    lines = [f"{LINE},addr=a:1{check}" for check in (",check=/run/b", "", ",check=/run/a", ",check=/run/b", ",check=")]
    assert instance.suspend_files(announced(shop="\n".join(lines))) == ["/run/b", "/run/a"]
    assert instance.suspend_files([]) == []


TOO_LARGE = " is too large: a file of a vassal may have 1048576 bytes, and all of them 2097152; remove what uWSGI doesn't need"
PAD = ";" * (2**20 - 200)
LIMITS: List[Tuple[str, Dict[str, str], str]] = [
    ("a large file", {"shop": ";" * 2**20}, VASSAL + TOO_LARGE),
    ("large files", {"shop": f"include = a.ini\ninclude = b.ini\n{PAD}", "a": PAD, "b": PAD}, FOLDER + "b.ini" + TOO_LARGE),
    ("a magic variable", {"shop": "x = " + "%p" * 200000},
     VASSAL + " is longer than 4194304 characters with its magic variables; use fewer"),
    ("many files", {"shop": "include = b.ini\n" * 256, "b": ""},
     FOLDER + "b.ini is included after 256 others; include fewer files"),
    ("many lines", {"shop": "include = b.ini\n" * 9, "b": "a = b\n" * 8000},
     FOLDER + "b.ini has the line 65537 of its vassal; write fewer lines"),
    ("a template of itself", {"shop": "inherit = b.ini", "b": "inherit = b.ini"},
     FOLDER + "b.ini is included after 256 others; include fewer files"),
    ("deep files", {"shop": "include = 0.ini", **{str(at): f"include = {at + 1}.ini" for at in range(16)}},
     FOLDER + "15.ini is included more than 16 files deep; include fewer"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "problem"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_a_vassal_has_its_limits(texts: Dict[str, str], problem: str) -> None:
    with pytest.raises(ArgumentError) as found:
        announced(**texts)
    assert (found.value.path, found.value.problem) == (PLACE, problem)


# The largest that are allowed. A section's head and its last line break are nine bytes.
MOST: List[Dict[str, str]] = [
    {"shop": ";" * (2**20 - 9)},
    {"shop": "include = a.ini\n" + ";" * (2**20 - 25), "a": ";" * (2**20 - 9)},
    # A file that is included twice is read once.
    {"shop": "include = b.ini\n" * 3, "b": ";" * (2**20 - 9)},
    {"shop": "include = b.ini\n" * 255, "b": ""},
    {"shop": "include = b.ini\n" * 8, "b": "a = b\n" * 8191},
]


@pytest.mark.parametrize("texts", MOST, ids=range(len(MOST)))
def test_a_vassal_may_have_as_much_as_its_limits(texts: Dict[str, str]) -> None:
    with pytest.raises(ArgumentError, match="has no subscribe2, so it announces nothing"):
        announced(**texts)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="it is not a regular file"):
        instance.read(PLACE, "/dev/zero")
    with open(tmp_path / "a.ini", "wb") as stream:
        stream.truncate(2**20 + 1)
    with pytest.raises(ArgumentError, match="is too large"):
        instance.read(PLACE, str(tmp_path / "a.ini"))


@pytest.mark.parametrize("server", ["\udcff:1", "10.0.0.2\0:1", "10.0.0.٣:1", "10.0.0.2:٣"])
def test_a_server_of_other_bytes_is_refused(server: str) -> None:
    with pytest.raises(ArgumentError, match="neither an IPv4 address"):
        instance.of_lines([("subscriptions[0]", f"server={server},key=a,addr=b:1")])


# As glibc's atoi reads them.
NUMBERS = [("5", 5), (" \t+5x", 5), ("-1", -1), ("", 0), ("x", 0), ("٣", 0), ("0" * 50 + "7", 7), ("4294967297", 1),
           ("2147483648", -(2**31)), ("9" * 5000, -1), ("-" + "9" * 5000, 0), (str(2**63), -1), (str(-(2**63) - 1), 0),
           ("\u00a05", 0)]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_numbers_are_read_as_c_does(text: str, number: int) -> None:
    assert instance._number(text) == number
