# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From lines of files to options for the roles."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._errors import ArgumentError
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import lines
from support.adoptable import PATH

FILES = {
    "/etc/uwsgi/vassals/common.ini": "[uwsgi]\nprocesses = 2\nprocname = %n.%N\n[web]\nthreads = 3\n",
    "/t.ini": "[uwsgi]\nlisten = 5\n",
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
    ("include = gone.ini", [("include", "/etc/uwsgi/vassals/gone.ini")], ["include = gone.ini: brings the options of"]),
    ("if-env = A\ninclude = gone.ini\nendif =", [], ["if-env = A: holds", "in a condition or a loop", "endif =: has no"]),
    ("config = x.toml", [], ["config = x.toml: "]),
    # Conditions and loops.
    ("if-env = A\nprocesses = 4\nendif =\nthreads = 2", [("threads", "2")], ["if-env", "processes = 4: is inside", "endif"]),
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


def test_a_value_with_blanks_at_its_ends_is_literal() -> None:
    [one] = lines.read('{"uwsgi": {"env": "A= "}}', "/etc/uwsgi/vassals/shop.json", {})
    assert (one.value, one.literal) == ("A= ", True)
    [two] = lines.read('{"uwsgi": {"env": "%n "}}', "/etc/uwsgi/vassals/shop.json", {})
    assert not two.kept and "blanks" in two.why


def test_placeholders_that_name_themselves_end() -> None:
    found = lines.read("[uwsgi]\nx = %(x)$(A)%(x)\nenv = %(x)\n", PATH, {})
    assert all(len(one.value) < 2**18 for one in found)


def test_private_characters_are_refused() -> None:
    with pytest.raises(ArgumentError, match="private characters"):
        lines.read("[uwsgi]\nenv = \U000f0041\n", PATH, {})
