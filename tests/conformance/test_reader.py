# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the reader finds in ini files or calls unknown, compared with what a real uWSGI reads and announces."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import instance, parser
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import included, keys
from support.loopback import Listener, free_address
from support.text import VARIABLES
from support.uwsgi import BINARY, Instance, plugin_lines

# The instance's options in their order. If a name appears twice, its last value.
_DUMP = """
import json, os, uwsgi
last = {name: value[-1] if isinstance(value, list) else value for name, value in uwsgi.opt.items()}
found = {name: value.decode("utf-8", "replace") for name, value in last.items() if value is not True}
with open(os.environ["DUMP"], "w", encoding="ascii") as stream:
    json.dump(found, stream)
os._exit(0)
"""


def options(folder: Path, name: str = "shop") -> dict[str, str]:
    """The options that a real uWSGI reads from a file, when it starts in the file's folder."""
    script, dump = folder / "dump.py", folder / "dump.json"
    script.write_text(_DUMP, encoding="ascii")
    lines = ["[uwsgi]", "socket = 127.0.0.1:0", f"wsgi-file = {script}", "need-app = true", *plugin_lines("python3")]
    with (folder / (name + ".ini")).open("a", encoding="utf-8") as stream:
        stream.write("\n".join(["", *lines, ""]))
    argv = [BINARY, "--ini", name + ".ini"]
    environment = {**os.environ, **VARIABLES, "DUMP": str(dump)}
    found = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, timeout=60, check=False)
    assert dump.exists(), found.stderr.decode("utf-8", "replace")
    return dict(json.loads(dump.read_text(encoding="ascii")))


# The lines of a program. Each program gets its own names, since all are in one file and share one namespace of placeholders.
_FORMS = ["{0} = ", "{0}=", " {0}\t= ", "set-ph = {0}=", "set = {0}=", "set-placeholder = {0}="]
# Text with a special meaning, text that looks like it, and plain text.
_PIECES = [*"xyz()()[]=;# \t%$\\", "%%", "%({p})", "%({q})", "%({r})", "%%({p})", "%(", "%()", "%(({p}", "%d", "%n", "%p", "%s"]
_FLAWED = ["%z", "%h", "$(a)", "%({p} + 1)"]
_PROGRAMS = st.lists(
    st.tuples(
        st.sampled_from(_FORMS),
        st.sampled_from(["{p}", "{q}", "{r}"]),
        st.lists(st.sampled_from(_PIECES * 6 + _FLAWED), max_size=8).map("".join),
    ),
    min_size=1,
    max_size=5,
)
COUNT = 1200


def programs(count: int) -> list[str]:
    """That many programs that uWSGI can finish reading."""
    found: list[str] = []

    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(_PROGRAMS)
    def collect(lines: list[tuple[str, str, str]]) -> None:
        text = "".join(form.format(name) + value + "\n" for form, name, value in lines)
        if ends(text):
            found.append(text.format(**{name: f"n{len(found)}-{name}" for name in "pqr"}))

    while len(found) < count:
        collect()
    return found[:count]


def ends(text: str) -> bool:
    """Whether no placeholder can expand to itself, which would keep uWSGI busy forever."""
    # A percent sign at its end can join a line to the next one.
    lines = text.split("\n") + text.replace("%\n", "").split("\n")
    pairs = [re.findall(r"\{([pqr])\}", line) for line in lines]
    brings = {(names[0], name) for names in pairs for name in names[1:]}
    for dummy in "pqr":
        brings |= {(one, three) for one, two in brings for other, three in brings if two == other}
    return not any(one == two for one, two in brings)


def known(found: list[parser.Option]) -> dict[str, str]:
    """The last value of each option whose values are all known."""
    unknown = {one.name for one in found if one.flaw}
    return {one.name: one.value for one in found if one.name not in unknown}


def test_options_are_what_uwsgi_has_or_said_to_be_unknown(tmp_path: Path) -> None:
    text = "[uwsgi]\n" + "".join(programs(COUNT))
    (tmp_path / "shop.ini").write_text(text, encoding="utf-8")
    expected = options(tmp_path)
    found = known(parser.read(text, str(tmp_path / "shop.ini")))
    assert len([name for name, value in found.items() if name.startswith("n") and value]) > COUNT // 2
    assert {name: (value, expected.get(name)) for name, value in found.items() if value != expected.get(name)} == {}


# A section's lines, and what the reader knows about the options x, y and z.
LINES = [
    ("x = 1\r\ny = 2\r", {"x": "1", "y": "2"}),
    ("x = \"1\" ; 2 # 3\\\ny = ;4", {"x": '"1" ; 2 # 3\\', "y": ";4"}),
    (" ; x = 1\n\t# y = 2\nz = 3", {"z": "3"}),
    ("x\ny: 1\nz =", {"x": "", "z": ""}),
    ("x = 1\n[other]\ny = 2\n[uwsgi]\nz = 3", {"x": "1", "z": "3"}),
    ("[UWSGI]\nx = 1\n[ uwsgi ]\ny = 2\n  [uwsgi]  \nz = 3", {"z": "3"}),
    ("[uwsgi] ; mine\nx = 1\n[uwsgi)\ny = 2\n[uwsgi\nz = 3\n[\nx = 4", {"y": "2"}),
    ("; 100%\nx = 1\ny = 2", {"y": "2"}),
    ("if-env = a\nx = %(_)\nelse =\ny = 2\nendif =\nz = 3", {"z": "3"}),
    ("if-not-env = a\nset-ph = x=1\nend =\ny = %(x)\nz = 3", {"z": "3"}),
    ("for = 1 2\nset-ph = a-%(_)=1\nendfor =\nx = %(a-1)\ny = 2", {"y": "2"}),
    ("if-env = NONE\ny = 1\nendif =\nx = 1\nend-if =\nz = 2", {"x": "1", "z": "2"}),
    ("x = %(ini)\nini = b.ini\ny = 1", {"y": "1"}),
    ("y = 1\nx = 100%", {"y": "1"}),
]


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_lines(text: str, expected: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "b.ini").write_text("[uwsgi]\n", encoding="ascii")
    path = tmp_path / "shop.ini"
    path.write_text("[uwsgi]\n" + text, encoding="utf-8", newline="")
    found = known(parser.read("[uwsgi]\n" + text, str(path)))
    real = options(tmp_path)
    assert {name: value for name, value in found.items() if name in "xyz"} == expected
    assert {name: real.get(name) for name in expected} == expected
    assert {name for name in "xyz" if name in real} - set(expected) <= {"x", "y"} - set(found)


@pytest.mark.parametrize("case", included.CASES.values(), ids=included.CASES.keys())
def test_included_files(case: included.Case, tmp_path: Path) -> None:
    for name, text in case.texts.items():
        path = tmp_path / (name + ".ini")
        path.parent.mkdir(exist_ok=True)
        path.write_text("[uwsgi]\n" + text, encoding="ascii")
    found = instance.read("vassal", str(tmp_path / "shop.ini")).options
    expected = options(tmp_path)
    assert {name: value for name, value in expected.items() if name in "xy"} == dict(case.options)
    # A template's options come after those of this test.
    order = [name for name in expected if name in "xy"]
    assert order == list(dict.fromkeys(name for name, dummy in case.options))
    assert {name: value for name, value in expected.items() if name in known(found)} == known(found)


@pytest.mark.parametrize("name", ["more/b.ini", "{}/linked/more/b.ini", "more/c.ini"])
def test_a_linked_folder_is_followed_and_a_linked_file_is_not(name: str, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    text = f"[uwsgi]\nx = %d%n\ninclude = {name.format(tmp_path)}"
    (tmp_path / "real" / "shop.ini").write_text(text, encoding="ascii")
    (tmp_path / "linked").symlink_to("real")
    (tmp_path / "real" / "web.ini").symlink_to("shop.ini")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.ini").write_text("[uwsgi]\ny = %p\n", encoding="ascii")
    (tmp_path / "other" / "c.ini").symlink_to("b.ini")
    (tmp_path / "real" / "more").symlink_to("../other")
    found = known(instance.read("vassal", str(tmp_path / "linked" / "web.ini")).options)
    expected = options(tmp_path / "linked", "web")
    assert (expected["x"], expected["y"]) == (found["x"], found["y"])


# Lines of a node, in which free addresses replace A, B and C, and further fields of its subscription.
NODES = [
    ("socket = A", ""),
    ("http-socket = A\nsocket = B", ""),
    ("http-socket = A\nsocket = B", ",socket=1"),
    ("uwsgi-socket = A\nhttp11-socket = B\nscgi-socket = C", ",socket=2"),
    ("fastcgi-socket = A\nfastcgi-nph-socket = B\nscgi-nph-socket = C", ",socket=2"),
    ("puwsgi-socket = A\nraw-socket = B\nsocket = C", ",socket=2"),
    ("socket = A\nsocket = B", ",socket=7"),
    ("socket = A\nsocket = B", ",socket=-1,addr=1.2.3.4:5"),
    ("socket = A\nsocket = B", ",socket=,addr=1.2.3.4:5"),
    ("socket = A\nsocket = B", ",socket= 1x,addr=1.2.3.4:5"),
    ("socket = A", ",addr=1.2.3.4:5,modifier1=5,modifier2=300"),
    ("socket = A", ",key=b.test,addr=/run/\\,x=y"),
    ("shared-socket = A\nsocket = B", ",socket=0"),
    ("socket = %(ip)\nset-ph = ip=A", ""),
    ("https-socket = A,%d/c.pem,%d/k.pem\nsocket = B", ""),
    ("suwsgi-socket = A,%d/c.pem,%d/k.pem\nsocket = B", ",socket=1"),
    ("ssl-socket = A,%d/c.pem,%d/k.pem\nsocket = B", ""),
    ("socket = %n.sock", ""),
    ("socket = @%n-B", ""),
]


@pytest.mark.parametrize(("lines", "fields"), NODES)
def test_what_is_announced(lines: str, fields: str, tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text(keys.certificate("a.test"), encoding="ascii")
    (tmp_path / "k.pem").write_text(keys.private("ec", "a.test"), encoding="ascii")
    for letter in "ABC":
        lines = lines.replace(letter, free_address())
    with Listener() as listener:
        subscription = f"subscribe2 = server={listener.address},key=a.test{fields}"
        with Instance(tmp_path, *lines.split("\n"), subscription):
            sent = listener.wait()[0].fields
        (found,) = instance.read("vassal", str(tmp_path / "instance.ini")).announcements()
    assert (found.key, found.address) == (sent["key"], sent["address"])
    assert found.modifiers == (int(sent["modifier1"]), int(sent["modifier2"]))
