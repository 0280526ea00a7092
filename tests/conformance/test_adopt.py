# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a host is adopted, uWSGI announces the same for the files that the roles write as it did for the original files.

The original files are in the folder adopt, modelled on files that people publish. All of them are on one host: the playbook
adopts it, and the roles deploy the resulting variables. Words in angle brackets are filled in when the test runs: <server> and
<other> listen for announcements, <a>, <b> and <http> are free addresses, <dir> is the project's folder, <key> a private key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._import import formats
from support import keys, playbook
from support.announced import announced, reads
from support.fleet import APP
from support.loopback import Listener, free_address
from support.role import base
from support.uwsgi import plugin_lines

SAMPLES = Path(__file__).with_name("adopt")
SOURCES = sorted(SAMPLES.glob("*.txt"))


class Expected(NamedTuple):
    """What is expected of a file.

    Attributes:
        count: how many different announcements uWSGI sends.
        words: a part of each comment on the file in the adopted variables.
        lost: keys that are no longer announced; comments say so.
        different: whether builds of uWSGI read it differently; it is then tested only with libyaml.
        rounds: how many announcements it takes until they no longer change.
        plugin: the plugin that some of its options need. A uWSGI built from PyPI's source includes it.
    """

    count: int = 1
    words: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    different: bool = False
    rounds: int = 1
    plugin: str = ""


ROUTERS = ("fastrouter", "raw-router", "emperor")
NO_APP = "The file names no application"
LOOP = "holds for the lines below it"
EXPECTED: dict[str, Expected] = {
    "another-address.ini": Expected(2, (NO_APP,)),
    "auto-weight.ini": Expected(1, (NO_APP,)),
    "cheaper.ini": Expected(plugin="cheaper_busyness"),
    "commented.yaml": Expected(2, (NO_APP,)),
    "conditions.ini": Expected(
        2,
        (NO_APP, LOOP, "listen = 64: is inside a condition", "inside.example.com: is inside a condition"),
        ("inside.example.com",),
    ),
    "debian-app.ini": Expected(1, ("autoload = ",)),
    "declared.ini": Expected(2),
    "django-docs.ini": Expected(),
    "django-tutorial.ini": Expected(),
    "environment.ini": Expected(2, (NO_APP, "depends on the environment"), ("/root.example.com",)),
    "every-field.ini": Expected(1, (NO_APP,)),
    "fastrouter-docs.ini": Expected(1, (NO_APP,)),
    "flask-tutorial.ini": Expected(),
    "host-name.ini": Expected(1, (NO_APP, "subscribe-to = localhost:2626:name.example.com: ")),
    "included-section.ini": Expected(1, (NO_APP,)),
    "included.ini": Expected(),
    "inherited.ini": Expected(1, (NO_APP,)),
    "keys-in-a-file.ini": Expected(2, (NO_APP, "has its keys in ")),
    "listed-objects.js": Expected(3, (NO_APP,)),
    "yaml-lists.yml": Expected(2, (NO_APP, "is read so by a uWSGI that was built with libyaml"), different=True),
    "loop.ini": Expected(3, (NO_APP, LOOP, "%(_).loop.example.com: "), ("one.loop.example.com", "two.loop.example.com")),
    "modifier-of-all.ini": Expected(1, (NO_APP,)),
    "own-section.ini": Expected(1, (NO_APP, "stands in the section [zerg]")),
    "php-modifier.ini": Expected(2, (NO_APP,)),
    "placeholders.ini": Expected(2, (NO_APP,)),
    "json.json": Expected(),
    "xml.xml": Expected(),
    "yaml.yml": Expected(),
    "quickstart.ini": Expected(),
    "second-socket.ini": Expected(1, (NO_APP,)),
    "secrets.ini": Expected(
        1,
        (NO_APP, "env = SECRET_KEY=...: looks like a secret", "env = DATABASE_URL=...: looks", "route = ...: looks"),
        plugin="router_basicauth",
    ),
    "sections.xml": Expected(2, (NO_APP,)),
    "server-in-a-file.ini": Expected(2, (NO_APP, "depends on a file or a command"), ("in-a-file.example.com",)),
    "several-names.ini": Expected(4, (NO_APP,)),
    "signed.ini": Expected(2, (NO_APP,)),
    "silent-lines.ini": Expected(1, (NO_APP, "subscribe2 = junk: has no server and no key")),
    "sni.ini": Expected(1, (NO_APP,)),
    "static.ini": Expected(1, (NO_APP,)),
    "template.ini": Expected(2, (NO_APP,)),
    "two-routers.ini": Expected(2, (NO_APP,)),
    "typos.ini": Expected(1, (NO_APP, "procceses = 4: is not an option of uWSGI 2.0", "subscribe_to = ")),
    "worker.ini": Expected(0, (NO_APP,)),
}


class Host(NamedTuple):
    """A host that was adopted.

    Attributes:
        folder: the project's folder; it contains the vassals' folder.
        inventory: the folder of the inventory and its variables.
        written: the folder that the role writes to.
        output: what the playbook printed.
    """

    folder: Path
    inventory: Path
    written: Path
    servers: tuple[Listener, Listener]
    output: str

    @property
    def text(self) -> str:
        """The host's file of variables."""
        return (self.inventory / "host_vars" / "node1" / "adopted.yml").read_text(encoding="utf-8")

    def part(self, name: str) -> str:
        """The part of that file about one vassal, with its comments."""
        parts = self.text.partition("\n# Routers.")[0].split(f"  # {self.folder}/vassals/")
        [found] = [one for one in parts if one.startswith((name + "\n", name + ": "))]
        return found


def projects(folder: Path) -> None:
    """The applications that the files name."""
    (folder / "mysite").mkdir()
    app = APP.read_text(encoding="utf-8") + "\n\napp = application\n"
    for name in ("app.py", "mysite/wsgi.py"):
        (folder / name).write_text(app, encoding="utf-8")
    (folder / "mysite" / "mysite").mkdir()
    (folder / "mysite" / "mysite" / "wsgi.py").write_text(app, encoding="utf-8")
    (folder / "mysite" / "mysite" / "__init__.py").touch()
    (folder / "name").write_text("in-a-file.example.com", encoding="ascii")
    (folder / "spool").mkdir()
    (folder / "private.pem").write_text(keys.private("ec"), encoding="ascii")


def fill(folder: Path, servers: tuple[Listener, Listener]) -> None:
    """Write the files, each with its own addresses."""
    words = {"<server>": servers[0].address, "<other>": servers[1].address}
    words |= {"<dir>": str(folder), "<key>": f"{folder}/private.pem"}
    (folder / "vassals").mkdir()
    (folder / "parts").mkdir()
    parts = sorted((SAMPLES / "parts").glob("*.txt"))
    for source in [*SOURCES, *parts]:
        text = source.read_text(encoding="utf-8")
        stem = source.stem.partition(".")[0]
        own = {word: free_address() for word in ("<a>", "<b>", "<http>")}
        # A router can't bind <server> and <other>: the listeners use them.
        routers = {"<server>": free_address(), "<other>": free_address()} if stem in ROUTERS else {}
        for word, value in {**words, **own, **routers}.items():
            text = text.replace(word, value)
        target = folder / ("parts" if source in parts else "vassals") / source.stem
        if stem == "emperor":
            target = folder / "emperor.ini"
        target.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with all the files, adopted and deployed."""
    folder = tmp_path_factory.mktemp("adopt")
    inventory = folder / "inventory"
    inventory.mkdir()
    with Listener() as server, Listener() as other:
        projects(folder)
        fill(folder, (server, other))
        own = {name: value for name, value in base(folder).items() if name.startswith("emperor_")}
        own |= {"ansible_connection": "local", "ansible_python_interpreter": playbook.PYTHON, "emperor_plugins": []}
        own |= {"emperor_plugins": ["python3"]} if plugin_lines("python3") else {}
        groups = {group: {"hosts": {"node1": {}}} for group in ("nodes", "fastrouters")}
        hosts = {"all": {"hosts": {"node1": own}, "children": groups}}
        (inventory / "hosts.json").write_text(json.dumps(hosts), encoding="utf-8")
        (folder / "given.json").write_text(json.dumps({"adopt_paths": [f"{folder}/vassals", f"{folder}/emperor.ini"]}))
        given = ("emperor.uwsgi.adopt", f"--inventory={inventory}/hosts.json", "-e@given.json")
        done = playbook.command("ansible-playbook", *given, folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        play = {"hosts": "node1", "gather_facts": False, "roles": ["emperor.uwsgi.fastrouter"]}
        # "service" includes a dry run, in which this uWSGI would reject options of plugins that it lacks.
        written = playbook.run(folder, [play], f"--inventory={inventory}/hosts.json", "--skip-tags=service")
        assert written.code == 0, written.output
        yield Host(folder, inventory, folder / "etc", (server, other), done.stdout)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_announced_stays(name: str, host: Host) -> None:
    expected = EXPECTED[name]
    if plugin_lines(expected.plugin):
        pytest.skip(f"the plugin {expected.plugin} is not in this uWSGI")
    form = formats.of(name, "")
    stem = name.partition(".")[0]
    after = announced(
        host.servers,
        host.folder / "vassals",
        ["--ini", str(host.written / "vassals" / f"{stem}.ini")],
        expected.count - len(expected.lost),
        expected.rounds,
    )
    assert len(after) == expected.count - len(expected.lost)
    if not reads(form) or (expected.different and reads(form) != "by a library"):
        return
    # The files of the roles load the plugin themselves, and uWSGI refuses to load one twice.
    plugins = ["--plugins", "python3"] if plugin_lines("python3") else []
    before = announced(
        host.servers,
        host.folder / "vassals",
        [*plugins, "--" + form, f"{host.folder}/vassals/{name}"],
        expected.count,
        expected.rounds,
    )
    assert len(before) == expected.count
    assert {pair: said for pair, said in before.items() if pair[1] not in expected.lost} == after


def comments(text: str) -> list[str]:
    """The comments in a part of the file, one item each."""
    found: list[str] = []
    for line in text.split("\n"):
        stripped = line.strip()
        # A comment that is wrapped begins like a new one, but no line of a file begins in the middle of a sentence.
        if stripped.startswith("# "):
            found.append(stripped[2:])
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_not_converted_is_said_at_its_place(name: str, host: Host) -> None:
    part = host.part(name)
    said = " ".join(comments(part)).replace(str(host.folder), "")
    assert [words for words in EXPECTED[name].words if words not in said] == []
    if not EXPECTED[name].words:
        assert said == ""
    assert "5cret5" not in host.text


def test_every_file_is_adopted(host: Host) -> None:
    names = {source.stem for source in SOURCES} - {f"{one}.ini" for one in ROUTERS}
    assert names == set(EXPECTED)
    assert len(SOURCES) >= 30
    written = {path.stem for path in (host.written / "vassals").glob("*.ini")}
    assert written == {name.partition(".")[0] for name in names}
    assert {path.stem for path in (host.written / "routers").glob("*.ini")} == {"fastrouter", "http", "raw-router"}
    assert f"node1: {len(names)} of {len(names)} vassals, 2 routers, " in host.output


def test_what_all_share_is_the_group_s(host: Host) -> None:
    text = (host.inventory / "group_vars" / "nodes" / "adopted.yml").read_text(encoding="utf-8")
    assert text.partition("---\n")[2] == "emperor_announce_interval: 1\nemperor_default_options:\n  thunder-lock: true\n"
    assert "announce_interval" not in host.text


def test_the_routers_are_those_that_were_there(host: Host) -> None:
    router = (host.written / "routers" / "fastrouter.ini").read_text(encoding="utf-8").split("\n")
    wanted = ["fastrouter-cheap = true", "subscription-tolerance = 20", "subscription-algo = lrc"]
    wanted += [f"subscriptions-sign-check = SHA256:{host.folder}", "subscriptions-sign-check-tolerance = 60"]
    assert [line for line in wanted if line not in router] == []
    raw = (host.written / "routers" / "raw-router.ini").read_text(encoding="utf-8").split("\n")
    assert "subscription-tolerance = 17" in raw and "subscription-algo = wrr" in raw


def test_templates_in_the_files_are_only_text(host: Host) -> None:
    text = (host.written / "vassals" / "secrets.ini").read_text(encoding="utf-8")
    assert "env = TITLE={{ lookup('ansible.builtin.pipe', 'id') }}\nenv = OTHER={%% raw %%}\n" in text


def test_it_is_adopted_once(host: Host) -> None:
    given = ("emperor.uwsgi.adopt", f"--inventory={host.inventory}/hosts.json", "-e@given.json")
    done = playbook.command("ansible-playbook", *given, folder=host.folder)
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout
