# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an Emperor's file to variables."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import emperor, instance
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt.emperor import Emperor
from support.adoptable import S, file, shown

ADOPTED = ["/etc/uwsgi/vassals/shop.ini", "/srv/a/uwsgi.ini"]


def of(lines: str) -> Emperor:
    return emperor.emperor(instance.of_file(file(lines, "/etc/uwsgi/emperor.ini")), ADOPTED)


def test_an_emperor() -> None:
    found = of(
        "emperor = /etc/uwsgi/vassals/\nemperor = /srv/*/uwsgi.ini\nemperor = /opt/vassals\n"
        "uid = www-data\ngid = web\nmax-fd = 1024\n"
        "emperor-max-throttle = 5000\nemperor-stats = /run/stats\nemperor-broodlord = 4\nvassals-set = processes=4\nstrict = true"
    )
    assert (found.user, found.group, found.tyrant, found.router) == ("www-data", "web", False, None)
    assert [(one.name, one.values) for one in found.defaults] == [("processes", [4])]
    assert shown(found.variables) == (
        "# The Emperor, /etc/uwsgi/emperor.ini:\nemperor_max_fd: 1024\nemperor_max_throttle: 5000\nemperor_options:\n"
        "  # emperor = /etc/uwsgi/vassals/: its vassals are in emperor_vassals\n"
        "  # emperor = /srv/*/uwsgi.ini: its vassals are in emperor_vassals\n"
        "  # emperor = /opt/vassals: is kept beside the folders of the role, and its vassals were not read\n"
        "  emperor: /opt/vassals\n"
        "  # emperor-stats = /run/stats: is where the roles and playbooks ask the Emperor; leave it out, and set "
        "emperor_run_dir\n  # to move it\n"
        "  emperor-broodlord: 4\n  strict: true\n"
    )


def test_a_tyrant() -> None:
    assert of("emperor = /x\nemperor-tyrant = true").tyrant
    assert not of("emperor = /x\nemperor-tyrant = false").tyrant


def test_an_emperor_that_says_nothing_else() -> None:
    assert shown(of("emperor = pg://host").variables).endswith(
        "emperor_options:\n"
        "  # emperor = pg://host: is kept beside the folders of the role, and its vassals were not read\n  emperor: pg://host\n"
    )


def test_one_that_announces_itself_and_routes() -> None:
    found = of(
        f"emperor = /x\nsocket = 10.0.0.7:1\nsubscribe-to = {S}:a\nfastrouter = :1\n"
        "fastrouter-subscription-server = :2\nsubscription-algo = lrc"
    )
    assert "It announces itself" in shown(found.variables)
    assert found.router is not None
    assert instance.given_options(found.router) == {"fastrouter": ":1", "fastrouter-subscription-server": ":2"}
    assert found.router.arguments == {"server_params": {"balancing_algo": "least_reference_count"}}


def test_all_that_an_emperor_can_say() -> None:
    found = of(
        f"emperor = /x\nvassal-set = a=1\nvassals-set = b=true\nemperor-tyrant-nofollow = true\nhttp = :80\nrawrouter = :1\n"
        f"sslrouter = :2\nuid = web\nuid = www\nsocket = 10.0.0.7:1\nsubscribe-to = {S}:a\nstrict = true"
    )
    assert [(one.name, one.values) for one in found.defaults] == [("a", [1]), ("b", [True])]
    assert (found.user, found.group, found.tyrant) == ("www", "", False)
    assert found.router is not None and found.router.name == "fastrouter" and found.router.arguments == {}
    assert list(instance.given_options(found.router)) == ["http", "rawrouter", "sslrouter"]
    assert shown(found.variables) == (
        "# The Emperor, /etc/uwsgi/emperor.ini:\n"
        "# It announces itself, which the role's Emperor does not; give its subscriptions to a vassal.\n"
        "emperor_options:\n"
        "  # emperor = /x: is kept beside the folders of the role, and its vassals were not read\n"
        "  emperor: /x\n  socket: 10.0.0.7:1\n  strict: true\n"
    )
    assert shown(of("emperor = /etc/uwsgi/vassals").variables) == (
        "# The Emperor, /etc/uwsgi/emperor.ini:\n"
        "# emperor = /etc/uwsgi/vassals: its vassals are in emperor_vassals\nemperor_options: {}\n"
    )
    assert not of("emperor = /x\nemperor-tyrant = off").tyrant
    assert "emperor-tyrant" not in shown(of("emperor = /x\nemperor-tyrant = off").variables)
    assert "is kept" in shown(of("emperor = /etc/uwsgi/vassalsZ").variables)


def test_patterns_have_limits() -> None:
    def read(pattern: str) -> bool:
        return "is kept" not in shown(of(f"emperor = {pattern}").variables)

    assert read("/[s][r][v]/[a]/[u][w][s][g]i.ini") and not read("/[s][r][v]/[a]/[u][w][s][g][i].ini")
    assert read("/srv/" + "*" * 1011 + "wsgi.ini") and not read("/srv/" + "*" * 1012 + "wsgi.ini")
    many = "".join(f"emperor = /none{at}/*\n" for at in range(64))
    assert "emperor = /srv/*: is kept" in shown(of(many + "emperor = /srv/*").variables)
    assert "emperor = /srv/*: its vassals" in shown(of(many[len("emperor = /none0/*\n") :] + "emperor = /srv/*").variables)
