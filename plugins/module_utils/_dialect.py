# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""uWSGI's vocabulary: releases, socket options, router options, balancing algorithms and modifiers.

Sources: ``uwsgi --dump-options`` of 2.0.19 to 2.0.31 and of 2.1-dev for the options, ``uwsgi_subscription_init_algos``
(core/subscription.c) for the algorithms, uwsgi.h and the plugins for the modifiers.
"""

from __future__ import annotations

import re
from typing import Dict, NamedTuple, Tuple

from ._errors import ArgumentError

V2_0 = (2, 0)
V2_1 = (2, 1)

Release = Tuple[int, int]


SUBSCRIBE2 = "subscribe2"
# The older announcement option, under its three names. It has no suspend file.
SUBSCRIBE_TO = ("subscribe-to", "subscribe", "st")
# Options that uWSGI executes as it reads their line, so the only variables that it expands in them are those with a per cent sign
# (UWSGI_OPT_IMMEDIATE, in core/uwsgi.c and the plugins).
_IMMEDIATE = """
    strict set set-placeholder set-ph declare-option resolve for for-glob for-times for-readline endfor end-for end endif
    end-if if-opt if-not-opt if-env if-not-env ifenv if-reload if-not-reload if-hostname if-not-hostname if-hostname-match
    if-not-hostname-match if-exists if-not-exists ifexists if-plugin if-not-plugin ifplugin if-file if-not-file if-dir
    if-not-dir ifdir if-directory blacklist end-blacklist whitelist end-whitelist include inject-before inject-after stop
    reload pause suspend resume connect-and-read extract listen umask help usage print-sym print-symbol spooler-processes
    signal flock flock-wait flock2 flock-wait2 immediate-uid immediate-gid config config-py fallback-config xml xmlconfig
    ini yaml yml json js ldap ldap-schema ldap-schema-ldif ini-paste ini-paste-logged pypy-ini-paste sqlite sqlite3
    command-mode pcre-jit early-envdir plugins plugin need-plugins need-plugin plugins-dir plugin-dir autoload dlopen
    binary-append-data iprint exit cflags dot-h build-plugin python-version perl-version
"""
IMMEDIATE = frozenset(_IMMEDIATE.split())
# The options that create a socket of the instance's own (core/uwsgi.c), numbered in the order of their lines.
_SOCKET_KINDS = "uwsgi suwsgi puwsgi ssl http http11 https fastcgi fastcgi-nph scgi scgi-nph raw"
SOCKETS = frozenset(["socket"] + [kind + "-socket" for kind in _SOCKET_KINDS.split()])
# Settings that are fixed when a socket is bound, besides its address and the kind of its option. A reload doesn't change them
# (uwsgi_setup_inherited_sockets, core/socket.c).
BOUND = frozenset(
    [
        "chmod-socket",
        "chown-socket",
        "listen",
        "protocol",
        "socket-protocol",
        "abstract-socket",
        "freebind",
        "reuse-port",
        "tcp-fast-open",
        "tcp-fastopen",
        "so-keepalive",
        "so-send-timeout",
        "so-write-timeout",
        "socket-send-timeout",
        "socket-write-timeout",
        "socket-sndbuf",
        "socket-rcvbuf",
    ]
)


# The options that make an instance a router, and the plugin of each (plugins/corerouter and the plugins based on it).
ROUTERS = {
    "fastrouter": "fastrouter",
    "http": "http",
    "https": "http",
    "https2": "http",
    "http-to-https": "http",
    "rawrouter": "rawrouter",
    "sslrouter": "sslrouter",
    "sslrouter2": "sslrouter",
}


# Forwards announcements to another subscription server, with the router's own address and unsigned (cr_common.c).
RESUBSCRIBES = re.compile(r"(fastrouter|http)-resubscribe\Z")


class Algorithm(NamedTuple):
    """A balancing algorithm: its name in a task, uWSGI's name, and the first release that has it."""

    argument: str
    name: str
    since: Release = V2_0


ALGORITHMS = (
    Algorithm("ip_hash", "iphash", V2_1),
    Algorithm("least_reference_count", "lrc"),
    Algorithm("weighted_least_reference_count", "wlrc"),
    Algorithm("weighted_round_robin", "wrr"),
)
ALGORITHM_CHOICES = [algo.argument for algo in ALGORITHMS] + [algo.name for algo in ALGORITHMS]

# The packet types of the uwsgi protocol, by the plugin that handles them (uwsgi.h, plugins/*/*.c: modifier1).
MODIFIERS: Dict[str, int] = {
    "wsgi": 0,
    "psgi": 5,
    "lua": 6,
    "rack": 7,
    "jvm": 8,
    "cgi": 9,
    "manage": 10,
    "gccgo": 11,
    "php": 14,
    "mono": 15,
    "spooler": 17,
    "symcall": 18,
    "ssi": 19,
    "eval": 22,
    "xslt": 23,
    "v8": 24,
    "gridfs": 25,
    "fastfunc": 26,
    "glusterfs": 27,
    "rados": 28,
    "manage_path_info": 30,
    "message": 31,
    "message_array": 32,
    "message_marshal": 33,
    "webdav": 35,
    "snmp": 48,
    "raw": 72,
    "multicast_announce": 73,
    "multicast": 74,
    "cluster_node": 95,
    "remote_logging": 96,
    "reload_brutal": 97,
    "reload": 98,
    "config_from_node": 99,
    "ping": 100,
    "echo": 101,
    "legion_msg": 109,
    "signal": 110,
    "cache": 111,
    "corerouter_signal": 123,
    "rpc": 173,
    "persistent_close": 200,
    "subscription": 224,
    "example": 250,
    "response": 255,
}


def parse_release(path: str, text: str) -> Release:
    """Read a uWSGI version such as ``2.0.31``, ``2.0.21-debian``, ``2.1-dev`` or ``2.1``.

    Args:
        path: path of the argument, for the error.

    Returns:
        major and minor number; all releases of 2.0 behave alike.

    Raises:
        ArgumentError: if it is not a version, or older than 2.0.
    """
    match = re.match(r"([0-9]{1,4})\.([0-9]{1,4})(?![0-9])", text.strip())
    if not match:
        raise ArgumentError(path, f"{text!r} is not a uWSGI version; give one such as 2.0 or 2.0.31")
    release = (int(match.group(1)), int(match.group(2)))
    if release < V2_0:
        raise ArgumentError(path, f"uWSGI {text.strip()} is not supported; the oldest release that is, is 2.0")
    return release


def require(path: str, what: str, since: Release, release: Release) -> None:
    """Reject what the target would silently ignore.

    Args:
        what: uWSGI's own name of the option, field or value.

    Raises:
        ArgumentError: if ``release`` is older than ``since``.
    """
    if release < since:
        raise ArgumentError(
            path,
            "{} needs uWSGI {}.{} and the target has {}.{}, which would ignore it silently; "
            "leave it out, or set uwsgi_version if the target is newer".format(what, *(since + release)),
        )
