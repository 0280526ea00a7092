# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From routers' files to the role's variables."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import document, instance, router
from support.adoptable import S, file, shown

FASTROUTER = "fastrouter = 127.0.0.1:3030\nfastrouter-subscription-server = 0.0.0.0:2626"
HTTP = "http = :80\nhttp-to = 127.0.0.1:3030"
ALGORITHM = (
    "# uWSGI's default, which the file does not change; weighted_least_reference_count sends fewer requests to busy nodes\n"
    "fastrouter_balancing_algo: weighted_round_robin\n"
)


def of(*texts: str) -> router.Routers:
    return router.Routers([instance.of_file(file(text, f"/etc/uwsgi/vassals/{at}.ini")) for at, text in enumerate(texts)])


def test_a_fastrouter_with_its_front() -> None:
    found = of(f"{FASTROUTER}\nmaster = true\nfastrouter-stats = :1717\nfastrouter-cheap = true\n{HTTP}\nhttp-keepalive = 1")
    assert found.further == []
    assert shown(found.variables) == (
        "# /etc/uwsgi/vassals/0.ini:\nfastrouter_listen: 127.0.0.1:3030\nfastrouter_subscription_server: 0.0.0.0:2626\n"
        f"fastrouter_stats: :1717\n{ALGORITHM}fastrouter_options:\n  fastrouter-cheap: true\nfastrouter_http: :80\n"
        "fastrouter_http_options:\n  http-keepalive: 1\n"
    )


def test_what_it_checks_and_how_it_balances() -> None:
    found = of(
        f"{FASTROUTER}\nfastrouter-processes = 2\nfastrouter-timeout = 30\nsubscription-tolerance = 20\n"
        "subscription-algo = lrc\nsubscription-dotsplit = true\nsubscriptions-sign-check = SHA256:/keys\n"
        "subscriptions-sign-check-tolerance = 60\nuid = web"
    )
    text = shown(found.variables)
    assert "# uid = web: the role runs its routers as emperor_user\n" in text
    assert text.partition("2626\n")[2] == (
        "fastrouter_processes: 2\nfastrouter_timeout: 30\nfastrouter_tolerance: 20\n"
        "fastrouter_balancing_algo: least_reference_count\n"
        "fastrouter_server_params:\n  key_dot_split: true\n"
        "fastrouter_server_verification_params:\n  digest_algo: SHA256\n  dir_cert: /keys\n  tolerance: 60\n"
    )


# Lines beside a fastrouter's, and what they become behind its algorithm, or in front of it where that's another variable.
LINES: list[tuple[str, str]] = [
    # Options have several names, and a variable says each of them.
    ("fastrouter-stats-server = :1717", "fastrouter_stats: :1717\n" + ALGORITHM),
    ("fastrouter-ss = :1717", "fastrouter_stats: :1717\n" + ALGORITHM),
    ("fastrouter-workers = 2", "fastrouter_processes: 2\n" + ALGORITHM),
    (f"{HTTP}\nhttp-stats-server = :1718", ALGORITHM + "fastrouter_http: :80\nfastrouter_http_stats: :1718\n"),
    (f"{HTTP}\nhttp-ss = :1718", ALGORITHM + "fastrouter_http: :80\nfastrouter_http_stats: :1718\n"),
    # Options of a front that there is none of.
    ("http-keepalive = 1", ALGORITHM + "fastrouter_http_options:\n  http-keepalive: 1\n"),
    (
        "https = :443,/c,/k,HIGH\nhttp-to = 127.0.0.1:3030",
        ALGORITHM
        + "# https = :443,/c,/k,HIGH: has not exactly an address, a certificate and a key; set the fastrouter_https variables\n",
    ),
    # All addresses are said where there are several, in front of the other options.
    (
        f"fastrouter = 127.0.0.1:3031\nfastrouter-subscription-server = :2627\n{HTTP}\nhttp-keepalive = 1\nhttp = :81",
        ALGORITHM
        + "fastrouter_options:\n  fastrouter:\n    - 127.0.0.1:3030\n    - 127.0.0.1:3031\n"
        + "  fastrouter-subscription-server:\n    - 0.0.0.0:2626\n    - :2627\n"
        + "fastrouter_http: :80\nfastrouter_http_options:\n  http:\n    - :80\n    - :81\n  http-keepalive: 1\n",
    ),
]


@pytest.mark.parametrize(("lines", "rest"), LINES)
def test_what_lines_become(lines: str, rest: str) -> None:
    found = of(f"{FASTROUTER}\n{lines}")
    head = "# /etc/uwsgi/vassals/0.ini:\nfastrouter_listen: 127.0.0.1:3030\nfastrouter_subscription_server: 0.0.0.0:2626\n"
    assert shown(found.variables) == head + rest
    assert found.further == []


def test_without_a_subscription_server() -> None:
    assert shown(of("fastrouter = 127.0.0.1:3030").variables) == (
        "# /etc/uwsgi/vassals/0.ini:\nfastrouter_listen: 127.0.0.1:3030\n# /etc/uwsgi/vassals/0.ini has no "
        "fastrouter-subscription-server, and the role's router always has one; set\n# fastrouter_subscription_server\n"
        + ALGORITHM
    )


# What a fastrouter's file has beside it, so that it's an instance of its own.
BESIDE_A_FASTROUTER = [
    "rawrouter = :1",
    "sslrouter = :1,/c,/k",
    "sslrouter2 = addr=:1,cert=/c,key=/k",
    "http = :1\nhttp-subscription-server = :2",
    "https2 = addr=:1,cert=/c,key=/k",
    f"subscribe2 = server={S},key=a,addr=10.0.0.7:1",
]


@pytest.mark.parametrize("lines", BESIDE_A_FASTROUTER)
def test_a_fastrouter_that_is_more_than_one(lines: str) -> None:
    found = of(f"{FASTROUTER}\n{lines}")
    assert [one.name for one in found.further] == ["0"]
    assert found.variables == []


# What a front's file has beside it, so that it's an instance of its own.
BESIDE_A_FRONT = [
    FASTROUTER,
    "rawrouter = :1",
    "sslrouter = :1,/c,/k",
    "https2 = addr=:1,cert=/c,key=/k",
    "https = :1,/c,/k",
    "http-subscription-server = :1",
    "http-to-https = :1",
    "subscription-tolerance = 20",
    "socket = 10.0.0.7:1",
    "module = app\nhttp-resubscribe = 10.0.0.9:1",
    "wsgi-file = /app.py\nhttp-resubscribe = 10.0.0.9:1",
]


@pytest.mark.parametrize("lines", BESIDE_A_FRONT)
def test_a_front_that_is_more_than_one(lines: str) -> None:
    found = of(FASTROUTER, f"{HTTP}\n{lines}")
    assert [one.name for one in found.further] == ["1"]
    assert not [one for one in found.variables if one.name.startswith("fastrouter_http")]


def test_fronts_in_files_of_their_own() -> None:
    found = of(
        HTTP, FASTROUTER, "https = :443,/c.crt,/c.key\nhttp-to = 127.0.0.1:3030\nhttp-stats = :1718", f"{HTTP}\nhttp-stats = :1"
    )
    text = shown(found.variables)
    assert "\n# /etc/uwsgi/vassals/0.ini:\nfastrouter_http: :80\n" in text
    assert (
        "# /etc/uwsgi/vassals/2.ini:\nfastrouter_https: :443\nfastrouter_https_certificate: /c.crt\n"
        "fastrouter_https_key: /c.key\nfastrouter_https_stats: :1718\n" in text
    )
    # The role has one front of each kind.
    assert [one.path for one in found.further] == ["/etc/uwsgi/vassals/3.ini"]
    assert "has not exactly an address" in shown(of(FASTROUTER + "\nhttps = :443,/c,/k,HIGH,!ca").variables)


def test_other_routers_are_instances_of_their_own() -> None:
    sub = "http-subscription-server = 10.0.0.2:2627"
    found = of(
        FASTROUTER,
        FASTROUTER,
        "rawrouter = :1\nrawrouter-subscription-server = :2",
        f"http = :8080\n{sub}",
        "http = :1\nhttp-to = :2",
        f"{HTTP}\nhttp-subscription-server = :1\nsubscription-tolerance = 20\nuid = web\nsubscribe-to = x",
    )
    assert [one.name for one in found.further] == ["1", "2", "3", "4", "5"]
    assert document.text([], router.entry(found.further[2])).partition("---\n")[2] == (
        "# /etc/uwsgi/vassals/3.ini\nname: '3'\noptions:\n  http: :8080\n  http-subscription-server: 10.0.0.2:2627\n"
        "server_params:\n  tolerance: 17\n  balancing_algo: weighted_round_robin\n"
    )
    # What its file says is in place of uWSGI's own.
    assert document.text([], router.entry(found.further[4])).partition("---\n")[2] == (
        "# /etc/uwsgi/vassals/5.ini\nname: '5'\noptions:\n  http: :80\n  http-to: 127.0.0.1:3030\n"
        "  http-subscription-server: :1\n# uid = web: the role runs its routers as emperor_user\n"
        "# subscribe-to = x: has no SERVER:KEY, so uWSGI announces nothing\n"
        "server_params:\n  tolerance: 20\n  balancing_algo: weighted_round_robin\n"
    )


def test_what_the_role_sets_itself_is_said() -> None:
    text = shown(of(f"{FASTROUTER}\nhttp = :80\nhttp-to = 10.0.0.9:1").variables)
    assert "# http-to = 10.0.0.9:1: is set by fastrouter_listen" in text
