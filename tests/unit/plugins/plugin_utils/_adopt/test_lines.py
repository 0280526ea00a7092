# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From lines of files to options for the roles."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import lines
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import.problems import NotReadError
from support.adoptable import PATH

FILES = {
    "/etc/uwsgi/vassals/common.ini": "[uwsgi]\nprocesses = 2\nprocname = %n.%N\n[web]\nthreads = 3\n",
    "/t.ini": "[uwsgi]\nlisten = 5\n",
    "/t.xml": "<uwsgi><listen>5</listen></uwsgi>",
    **dict.fromkeys(("/t.yaml", "/t.yml"), "uwsgi:\n  listen: 5\n"),
    **dict.fromkeys(("/t.json", "/t.js"), '{"uwsgi": {"listen": 5}}'),
}
# Lines, what is kept of them, and words from the remarks about the others.
CASES: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    ("processes = 4\n# a comment\n\n; another", [("processes", "4")], []),
    ("vacuum =", [("vacuum", "")], []),
    # Placeholders are replaced, and lines that only define them are dropped.
    ("base = /srv\nchdir = %(base)/%n", [("chdir", "/srv/%n")], []),
    ("set-ph = a=/srv\nset-placeholder = b=%(a)/x\nchdir = /v%(b)", [("chdir", "/v/srv/x")], []),
    # As in uWSGI, which doesn't look at the first character of a replacement again.
    ("set-ph = a=/srv\nset-ph = b=%(a)/x\nchdir = %(b)", [("chdir", "%(a)/x")], []),
    ("set = chdir=/srv", [("chdir", "/srv")], []),
    ("set-ph = a=1\nset-placeholder = b=2", [], []),
    # What a host name resolves to is known when uWSGI starts.
    ("resolve = ip=$(ROUTER)\nenv = A=%(ip)", [("resolve", "ip=$(ROUTER)"), ("env", "A=%(ip)")], []),
    ("chdir = /srv\npythonpath = %(chdir)/lib", [("chdir", "/srv"), ("pythonpath", "/srv/lib")], []),
    # What uWSGI expands at its start is kept, with its placeholders replaced.
    ("base = /srv\nenv = A=$(HOME)%(base)", [("env", "A=$(HOME)/srv")], []),
    ("env = A=@(/etc/hostname)", [("env", "A=@(/etc/hostname)")], []),
    ("a = %(b)\nb = $(HOME)\nenv = A=%(a)", [("env", "A=$(HOME)")], []),
    ('log-format = %(addr) "%(uri)" 100%%', [("log-format", '%(addr) "%(uri)" 100%%')], []),
    # Magic variables: those that mean the same in another file, those of the path, and all others.
    ("procname = %n %h %u", [("procname", "%n %h %u")], []),
    ("logto = /var/log/%s-%e%d", [("logto", "/var/log/shop.ini-ini/etc/uwsgi/vassals/")], []),
    ("logto = /var/log/%i", [], ["logto = /var/log/%?: has a magic variable"]),
    ("env = A=100%%n", [("env", "A=100%%n")], []),
    # Other files and sections.
    ("include = common.ini", [("processes", "2"), ("procname", "common.%n")], []),
    ("ini = /etc/uwsgi/vassals/common.ini:web", [("threads", "3")], []),
    ("ini = :web\n[web]\nthreads = 3", [("threads", "3")], []),
    ("inherit = /t.ini", [("listen", "5")], []),
    *((f"{name} = /t.xml", [("listen", "5")], []) for name in ("xml", "xmlconfig")),
    *((f"{name} = /t.{name}", [("listen", "5")], []) for name in ("yaml", "yml", "json", "js")),
    ("include = gone.ini", [("include", "/etc/uwsgi/vassals/gone.ini")], ["include = gone.ini: brings the options of"]),
    ("if-env = A\ninclude = gone.ini\nendif =", [], ["if-env = A: holds", "in a condition or a loop", "endif =: has no"]),
    ("config = x.toml", [], ["config = x.toml: "]),
    # Conditions and loops.
    ("if-env = A\nprocesses = 4\nendif =\nthreads = 2", [("threads", "2")], ["if-env", "processes = 4: is inside", "endif"]),
    # A placeholder that may not be there stays one.
    ("if-env = A\nb = x\nendif =\nenv = A=$(H)%(b)", [("env", "A=$(H)%(b)")], ["if-env", "b = x: is inside", "endif"]),
    ("b = %i\nenv = A=$(H)%(b)", [("env", "A=$(H)%(b)")], []),
    ("for = a b\nenv = X=%(_)\nendfor =", [], ["for = a b", "env = X=%(_): is inside", "endfor"]),
    # Options of the file's own.
    ("declare-option = app=chdir=$1;module=$2\napp = /srv shop", [("chdir", "/srv"), ("module", "shop")], []),
    ("declare-option = say=subscribe2=server=$1,key=a\nsay = 10.0.0.2:2626", [], []),
    # Lines about subscriptions are not looked at.
    ("subscribe-to = 10.0.0.2:2626:a\nsubscribe2 = x\nsubscription-algo = lrc\nsubscribe-freq = 2\nweight = 2", [], []),
    # But lines that make a router are.
    ("fastrouter = :1\nhttp-subscription-server = :2", [("fastrouter", ":1"), ("http-subscription-server", ":2")], []),
    # Accepted only by a uWSGI without strict mode.
    ("procceses = 4", [], ["procceses = 4: is not an option of uWSGI 2.0"]),
    ("php-docroot = /srv\npsgi = app.pl", [("php-docroot", "/srv"), ("psgi", "app.pl")], []),
    # Secrets.
    ("env = SECRET_KEY=abc", [], ["env = SECRET_KEY=...: looks like a secret"]),
    ("pass = abc\nenv = A=postgres://u:%(pass)@h/d", [], ["env = A=...: looks like a secret"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "kept", "said"), CASES)
def test_lines_become_options(given: str, kept: list[tuple[str, str]], said: list[str]) -> None:
    found = lines.read("[uwsgi]\n" + given + "\n", PATH, FILES)
    assert [(one.name, one.value) for one in found if one.kept] == kept
    reasons = [f"{one.line}: {one.why}" for one in found if one.why]
    assert len(reasons) == len(said), reasons
    assert [words for words, reason in zip(said, reasons) if words not in reason] == []


JSON = "/etc/uwsgi/vassals/shop.json"
# What is not kept, with the whole sentence that a person reads.
REASONS = [
    ("procceses = 4", "is not an option of uWSGI 2.0, which ignores it here; the role's uWSGI is strict and would refuse it"),
    ("env = PASSWORD=abc", "looks like a secret, which is not copied from the host; give it from a vault, as {literal: ...}"),
    ("logto = /%i", "has a magic variable that depends on the file or the moment; write what it stands for"),
    ("procname = %Z", "has a magic variable that depends on the file or the moment; write what it stands for"),
    ("if-env = A", "holds for the lines below it, and options of the role have no conditions and loops"),
    *((f"{name} =", "has no meaning among the options of the role") for name in ("endif", "end-for", "blacklist")),
    ("declare-option = say=$1=5\nsay = -x", "is not a valid option name"),
    ('{"uwsgi": {"env": "%n "}}', "has blanks at its ends or signs that no text of the role's gives it; write it anew"),
    ('{"uwsgi": {"env": "A=\\n"}}', "has a line break, which would start another option"),
]


@pytest.mark.parametrize(("given", "why"), REASONS)
def test_what_is_not_kept_says_why(given: str, why: str) -> None:
    [one] = lines.read(given, JSON, {}) if given.startswith("{") else lines.read("[uwsgi]\n" + given, PATH, FILES)
    assert (one.kept, one.why) == (False, why)


def test_what_is_not_known_inside_a_condition_says_so() -> None:
    found = lines.read("[uwsgi]\nif-env = A\nproject = shop\nendif =", PATH, {})
    assert found[1].why == "is inside a condition or a loop"


# Values that uWSGI reads as they are, or in its own language.
LITERAL = [
    ('{"uwsgi": {"env": "A= "}}', "A= ", True),
    # No variable is looked for in what a placeholder brought.
    ("set-ph = dollar=$\nenv = A=%(dollar)(HOME)", "A=$(HOME)", True),
    ("set-ph = at=@\nenv = A=%(at)(/etc/hostname)", "A=@(/etc/hostname)", True),
    ("env = A=$(HOME)", "A=$(HOME)", False),
    ("env = A=Z", "A=Z", False),
    ("resolve = ip=$(ROUTER)", "ip=$(ROUTER)", False),
]


@pytest.mark.parametrize(("given", "value", "literal"), LITERAL)
def test_what_uwsgi_reads_as_it_is_is_literal(given: str, value: str, literal: bool) -> None:
    [one] = lines.read(given, JSON, {}) if given.startswith("{") else lines.read("[uwsgi]\n" + given, PATH, {})
    assert (one.value, one.literal) == (value, literal)


def _long(text: str, rest: str = "") -> str:
    """A text as long as one may be, and what is behind that."""
    return text + "\n#" + "x" * (2**16 - len(text) - 2) + rest


READ_AGAIN = "[uwsgi]\nini = :a\n{}[a]\nlisten = 5\n[b]\nlisten = 6"
VALUES = f"[uwsgi]\nset-ph = a={'x' * 2**15}" + "\nenv = %(a)" * 8
# As much as is read, how many options that is, what is too much, and what is said of that.
LIMITS = [
    (_long("[uwsgi]\nlisten = 5"), 1, _long("[uwsgi]\nlisten = 5", "x"), "is longer than 65536 characters"),
    (
        _long(READ_AGAIN.format("")),
        1,
        _long(READ_AGAIN.format("ini = :b\n")),
        "has its files read again until they are more than 131072 characters",
    ),
    ("[uwsgi]" + "\nenv =" * 4096, 4096, "[uwsgi]" + "\nenv =" * 4097, "comes to more than 4096 lines with what it includes"),
    (
        f"[uwsgi]\ndeclare-option = a={'env=;' * 4096}\na = x",
        4096,
        f"[uwsgi]\ndeclare-option = a={'env=;' * 4097}\na = x",
        "comes to more than 4096 options; leave out what uWSGI does not need",
    ),
    (
        VALUES,
        8,
        VALUES + "\nenv = y",
        "has values of more than 262144 characters, with what their placeholders stand for",
    ),
]


@pytest.mark.parametrize(
    ("enough", "count", "too_much", "why"), LIMITS, ids=["characters", "read again", "lines", "options", "values"]
)
def test_so_much_is_read_of_a_file(enough: str, count: int, too_much: str, why: str) -> None:
    assert len(lines.read(enough, PATH, {})) == count
    with pytest.raises((ArgumentError, NotReadError)) as error:
        lines.read(too_much, PATH, {})
    assert str(error.value).replace("text: ", "").startswith(why)
    assert why.endswith("characters") or str(error.value).endswith(why)


def test_placeholders_that_name_themselves_end() -> None:
    found = lines.read("[uwsgi]\nx = %(x)$(A)%(x)\nenv = %(x)\n", PATH, {})
    assert all(len(one.value) < 2**18 for one in found)


def test_private_characters_are_refused() -> None:
    with pytest.raises(ArgumentError) as error:
        lines.read("[uwsgi]\nenv = \U000f0041\n", PATH, {})
    assert str(error.value) == "text: has private characters of Unicode, which are not read here; remove them"
