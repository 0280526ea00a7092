# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real uWSGI announces the same for a file and for the arguments that the file is converted to."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils import _dialect
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import subscription
from ansible_collections.emperor.uwsgi.plugins.module_utils._ini import writer
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import convert, formats
from support import keys
from support.announced import Bed, announced, reads
from support.loopback import Listener
from support.uwsgi import BINARY, RELEASE


class Published(NamedTuple):
    """A file modelled on files that people publish.

    Attributes:
        text: words in angle brackets are filled in when the test runs: <server> and <other> listen for announcements, <a> and <b>
            are free addresses, <dir> is the file's folder, <key> a private key.
        count: how many different announcements uWSGI sends.
        left: how many lines can't be converted.
        name: the file's name.
        argument: how uWSGI is given the file, for example with a section.
        others: further files in the folder.
        rounds: how many announcements it takes until they no longer change.
        left_newer: ``left`` for 2.1, where it differs.
        different: whether builds of uWSGI read it differently; it is then tested only with libyaml.
    """

    text: str
    count: int
    left: int = 0
    name: str = "shop.ini"
    argument: str = "{}"
    others: Mapping[str, str] = MappingProxyType({})
    different: bool = False
    rounds: int = 1
    left_newer: int | None = None


HEAD = "[uwsgi]\nmaster = true\nsubscribe-freq = 1\nsocket = <a>\n"
YAML = "  master: true\n  subscribe-freq: 1\n  socket: <a>\n"
KEYS = {"domains": "# ours\nshop.example.com\nwww.example.com,5\n\nlast.example.com"}
XML = "<master>true</master><subscribe-freq>1</subscribe-freq><socket><a></socket>"
JSON = '"master": true, "subscribe-freq": 1, "socket": "<a>"'

FILES: dict[str, Published] = {
    # The Fastrouter and the subscription server, as in uWSGI's documentation and in texts based on it.
    "documentation": Published(HEAD + "subscribe-to = <server>:uwsgi.it\n", 1),
    "several names": Published(
        HEAD + "subscribe-to = <server>:pippo.com\nsubscribe-to = <server>:www.pippo.com\nst = <server>:a:80\n", 3
    ),
    "modifier": Published(HEAD + "subscribe-to = <server>:unbit.it,5\nsubscribe = <server>:php.it,14\n", 2),
    "signed": Published(
        HEAD + "subscribe-to = <server>:unbit.it,0,SHA1:<key>\nsubscribe2 = server=<server>,key=b,sign=SHA256:<key>\n", 2
    ),
    "another address": Published(
        HEAD + "subscribe-to = 10.0.0.7:3031=<server>:addressed\nsubscribe2 = server=<server>,key=b,addr=<b>\n", 2
    ),
    "two routers": Published(
        HEAD + "subscribe-to = <server>:a\nsubscribe-to = <other>:a\nsubscribe2 = server=<other>,key=b\n", 3
    ),
    "every field": Published(
        HEAD + "subscribe2 = server=<server>,key=f,weight=3,modifier1=5,modifier2=7,socket=0,check=<dir>/gone\n", 1
    ),
    "certificates": Published(
        HEAD + "subscribe2 = server=<server>,key=t,sni_key=/etc/ssl/t.key,sni_crt=/etc/ssl/t.crt,sni_ca=!/etc/ssl/ca.pem\n", 1
    ),
    "escapes": Published(HEAD + "subscribe2 = server=<server>,key=com\\,m\\a,addr=/run/a\\,b\n", 1),
    "the last field counts": Published(HEAD + "subscribe2 = key=one,server=<server>,key=last,addr=<b>,addr=10.0.0.7:2\n", 1),
    "ignored fields": Published(HEAD + "subscribe2 = server=<server>,key=i,foo=1,backup=2\n", 1, 2, left_newer=1),
    "second socket": Published(HEAD + "socket = <b>\nsubscribe2 = server=<server>,key=second,socket=1\n", 1),
    "silent lines": Published(
        HEAD + "subscribe2 = server=<server>, key=space\nsubscribe2 = server = <server>,key=b\nsubscribe2 = junk\n"
        "subscribe-to = <server>\n; subscribe-to = <server>:comment\nsubscribe-to = <server>:heard\n",
        1,
        4,
    ),
    "suspended": Published(HEAD + "subscribe2 = server=<server>,key=out,check=<dir>/shop.ini\nsubscribe-to = <server>:in\n", 1),
    # One file for many vassals.
    "magic": Published(
        HEAD + "subscribe-to = <server>:%n.example.com\nsubscribe2 = server=<server>,key=%c.%e.%0,check=%dgone\n", 2
    ),
    "placeholders": Published(
        HEAD + "domain = example.com\nset-ph = router=<server>\nset-placeholder = name=shop.%(domain)\nset = full=www.%(domain)\n"
        "subscribe-to = %(router):%(full)\nsubscribe2 = server=%(router),key=100%%.%n.%(domain)\n",
        2,
    ),
    "names that look like options": Published(
        HEAD + "subscription-server = <server>\nsubscribe-to = %(subscription-server):a\n", 1
    ),
    "weight of the instance": Published(HEAD + "weight = 4\nsubscribe-to = <server>:a\nsubscribe2 = server=<server>,key=b\n", 2),
    "auto-weight": Published(
        HEAD + "auto-weight = true\nprocesses = 2\nthreads = 3\nsubscribe2 = server=<server>,key=b,weight=9\n", 1
    ),
    "the last weight": Published(
        HEAD
        + "weight = 9\nsubscribe2 = server=<server>,key=a,weight=2\nsubscribe-to = <server>:b\n"
        "subscribe2 = server=<server>,key=c,weight=5\nsubscribe2 = server=<server>,key=d\n",
        4,
        3,
        rounds=2,
        left_newer=0,
    ),
    "modifier of the instance": Published(
        HEAD + "subscribe-with-modifier1 = 7\nsubscribe-to = <server>:a,5\nsubscribe2 = server=<server>,key=b,modifier2=3\n", 2
    ),
    # Sections.
    "shared section": Published(HEAD + "ini = :common\n[common]\nsubscribe-to = <server>:%n.%x\n", 1),
    "broodlord": Published(HEAD + "zerg-server = <dir>/zs\n[zerg]\nzerg = x\nsubscribe-to = <server>:z\n", 0, 1),
    "zerg": Published(
        "[uwsgi]\nsubscribe-to = <server>:no\n[zerg]\nmaster = true\nsubscribe-freq = 1\nsocket = <a>\n"
        "subscribe-to = <server>:%x\n",
        1,
        1,
        argument="{}:zerg",
    ),
    "one file, several instances": Published(
        "[stats]\nstats = <b>\n[web]\nmaster = true\nsubscribe-freq = 1\nsocket = <a>\nsubscribe2 = server=<server>,key=web\n",
        1,
        argument="{}:web",
    ),
    # Other files.
    "included": Published(
        HEAD + "include = <dir>/common.ini\n", 1, others={"common.ini": "[uwsgi]\nsubscribe-to = <server>:%n.%N\n"}
    ),
    "included by name": Published(
        HEAD + "ini = common.ini:web\n", 1, others={"common.ini": "[web]\nsubscribe-to = <server>:%x\n"}
    ),
    "inherited": Published(
        HEAD + "inherit = common.ini\n", 1, others={"common.ini": "[uwsgi]\nsubscribe-to = <server>:inherited\n"}
    ),
    "keys in a file": Published(HEAD + "subscribe-to = <server>:@<dir>/domains\n", 3, 1, others=KEYS),
    "keys in a file, another address": Published(HEAD + "subscribe-to = <b>=<server>:@<dir>/domains\n", 3, 1, others=KEYS),
    # Options that the file defines itself.
    "declared": Published(HEAD + "declare-option = announce=subscribe2=server=<server>,key=$1\nannounce = shop.example.com\n", 1),
    "declared with words": Published(
        HEAD + "declare-option = announce=subscribe2=server=$1,key=$2;subscribe-to=$1:$3.old\nannounce = <server> a  b\n", 2
    ),
    "declared below": Published(HEAD + "ph = p\nannounce = %(ph)\ndeclare-option = announce=subscribe-to=<server>:$1\n", 1),
    "declared at the end": Published(
        HEAD + "ph = p\nearly = a\ndeclare-option2 = announce=subscribe-to=<server>:$1.%(ph)\nannounce = %(ph)\n", 1
    ),
    "declared too late": Published(HEAD + "announce = a\ndeclare-option2 = announce=subscribe-to=<server>:$1\n", 0, 1),
    "declared by another": Published(
        HEAD + "declare-option = one=subscribe-to=<server>:$1\ndeclare-option = two=one=$1.x;one=$1.y\ntwo = a\n", 2
    ),
    "declared, and it stops": Published(
        HEAD + "declare-option = announce=subscribe-to=<server>:one;junk;subscribe-to=<server>:two\nannounce =\n", 1
    ),
    # YAML that all builds read alike.
    "yaml": Published("uwsgi:\n" + YAML + "  subscribe-to: <server>:shop.example.com\n", 1, name="shop.yml"),
    "yaml with comments": Published(
        "---\n# the shop\nuwsgi:\n" + YAML + "  # old\n\n  subscribe-to: <server>:%n.example.com # here\n"
        "  subscribe2: server=<server>,key=b,addr=<b>\n",
        2,
        name="shop.yaml",
    ),
    "yaml with a section": Published(
        "base:\n  processes: 1\nweb:\n" + YAML + "  subscribe2: server=<server>,key=web\n", 1, name="shop.yml", argument="{}:web"
    ),
    # YAML that builds read differently.
    "yaml with a list": Published(
        "uwsgi:\n" + YAML + "  subscribe-to:\n    - <server>:a\n    - <server>:b\n  processes: 1\n",
        2,
        2,
        name="shop.yml",
        different=True,
    ),
    "yaml with quotes": Published(
        "uwsgi:\n" + YAML + "  subscribe2: \"server=<server>,key=a\"\n  subscribe-to: ['<server>:b']\n",
        2,
        4,
        name="shop.yml",
        different=True,
    ),
    "json": Published('{"uwsgi": {' + JSON + ', "subscribe-to": "<server>:shop.example.com"}}', 1, name="shop.json"),
    "json with lists": Published(
        '{"uwsgi": {'
        + JSON
        + ', "subscribe-to": ["<server>:a", "<server>:b\\u002etest"], "subscribe2": "server=<server>,key=%n,weight=2",'
        ' "weight": 1.5, "subscribe": null}}',
        3,
        4,
        name="shop.js",
        rounds=2,
    ),
    "json with a section": Published(
        '{"a": {"b": 1}, "web": {' + JSON + ', "st": "<server>:w"}}', 1, name="shop.json", argument="{}:web"
    ),
    "xml": Published(f"<uwsgi>\n  {XML}\n  <subscribe-to><server>:shop.example.com</subscribe-to>\n</uwsgi>", 1, name="shop.xml"),
    "xml with entities": Published(
        f'<?xml version="1.0"?>\n<uwsgi>{XML}<!-- c --><subscribe2>server=<server>,key=a&amp;b&#46;c</subscribe2><subscribe-to>'
        "<![CDATA[<server>:c]]></subscribe-to></uwsgi>",
        2,
        name="shop.xml",
    ),
    "xml with sections": Published(
        f'<conf><uwsgi id="a"><processes>1</processes></uwsgi><uwsgi id="web">{XML}'
        '<st><server>:w</st><st id="a"><server>:x</st></uwsgi></conf>',
        1,
        1,
        name="shop.xml",
        argument="{}:web",
    ),
}


PRIVATE = keys.private("ec")
# The instance's other lines, written with the words that the text has.
SOCKETS = ("socket = <a>", "socket = <b>", "processes = 2", "threads = 3")


def instance(bed: Bed, published: Published, arguments: dict[str, Any]) -> str:
    """The file of an instance whose announcements all come from the arguments."""
    lines = [line for line in SOCKETS if line in published.text] or ["socket = <a>"]
    if lines[0] != "socket = <a>":
        lines.insert(0, "socket = <a>")
    own = bed.filled("\n".join(["[uwsgi]", "master = true", *lines, ""]))
    fragment = bed.write("converted/subscriptions.ini", written(arguments))
    return bed.write("converted/shop.ini", own + f"include = {fragment}\n")


def written(arguments: dict[str, Any]) -> str:
    """The fragment that the collection writes for the arguments."""
    return writer.render("uwsgi", subscription.fragment(arguments, RELEASE).lines)


@pytest.mark.parametrize("title", FILES)
def test_the_arguments_announce_what_the_file_did(title: str, tmp_path: Path) -> None:
    published = FILES[title]
    form = formats.of(published.name, "")
    if not reads(form):
        pytest.skip(f"this uWSGI was built without {form}; the unit tests have what its source says")
    with Listener() as server, Listener() as other:
        bed = Bed(tmp_path, PRIVATE, (server, other))
        text = bed.filled(published.text)
        files = {bed.write(name, bed.filled(content)): bed.filled(content) for name, content in published.others.items()}
        path = published.argument.format(bed.write(published.name, text))
        found = convert.converted(text, RELEASE, path, files=files)
        is_other = RELEASE >= _dialect.V2_1 and published.left_newer is not None
        assert len(found.left_over) == (published.left_newer if is_other else published.left), found.left_over
        if published.different and reads(form) != "by a library":
            pytest.skip("this uWSGI was built without libyaml; so do the notes on the lines say")
        how = published.count, published.rounds
        before = announced(bed.servers, tmp_path, ["--" + form, path], *how)
        after = announced(bed.servers, tmp_path, ["--ini", instance(bed, published, found.arguments)], *how)
    assert len(before) == published.count
    assert after == before


def test_nothing_is_read_of_a_section_of_yaml_in_braces(tmp_path: Path) -> None:
    if not reads("yaml"):
        pytest.skip("this uWSGI was built without yaml")
    (tmp_path / "shop.yml").write_text("uwsgi: {procname: a}\n", encoding="utf-8")
    found = subprocess.run(
        [BINARY, "--yaml", str(tmp_path / "shop.yml"), "--get", "procname"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (found.returncode, found.stdout.strip()) == (0, "")


def test_there_are_enough_files() -> None:
    assert len(FILES) >= 45
