# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which uWSGI release knows which option and which field of ``subscribe2``: one table.

The argument specs, the renderer, the documentation's check and the tests all read it, so an option's
name, type and first release are written here and nowhere else.

Sources: ``uwsgi --dump-options`` of 2.0.19 to 2.0.31 and of 2.1-dev for the options,
``core/subscription.c`` (``uwsgi_subscribe2``) for the fields, ``core/subscription.c``
(``uwsgi_subscription_init_algos``) for the algorithms.
"""

from __future__ import annotations

import re
from typing import Any, Dict, NamedTuple, Tuple

from ._errors import ArgumentError

V2_0 = (2, 0)
V2_1 = (2, 1)

Release = Tuple[int, int]


class Row(NamedTuple):
    """One argument.

    Attributes:
        argument: its name in a task.
        name: the option or field that uWSGI reads.
        kind: what it takes, a key of ``KINDS``.
        since: the first release that has it.
        wire: the fields of an announcement that carry it, empty where none does.
    """

    argument: str
    name: str
    kind: str
    since: Release = V2_0
    wire: Tuple[str, ...] = ()


# What a kind is to Ansible; its meaning is in _values, by the same name. Paths are plain text and keys are raw: the type
# "path" would expand the dollar signs and "list" split at the commas of a value that is meant literally.
KINDS: Dict[str, Dict[str, Any]] = {
    "algorithm": {"type": "str"},
    "client_ca": {"type": "str"},
    "digest": {"type": "str"},
    "directory": {"type": "str"},
    "directories": {"type": "list", "elements": "str"},
    "flag": {"type": "bool"},
    "keys": {"type": "raw"},
    "level": {"type": "int"},
    "modifier": {"type": "raw"},
    "address": {"type": "raw"},
    "file": {"type": "str"},
    "positive": {"type": "int"},
    "servers": {"type": "raw"},
    "signing": {"type": "raw"},
    "socket_path": {"type": "str"},
    "uids": {"type": "list", "elements": "int"},
    "word": {"type": "str"},
}

# The order of the rows is the order of the lines and fields that are written.
SERVER_PARAMS = (
    Row("client_notify_address", "subscription-notify-socket", "socket_path", wire=("notify",)),
    Row("mountpoints_depth", "subscription-mountpoint", "positive", V2_1),
    Row("require_vassal", "subscription-vassal-required", "flag", V2_1),
    Row("tolerance", "subscription-tolerance", "positive"),
    Row("tolerance_inactive", "subscription-tolerance-inactive", "positive", V2_1),
    Row("key_dot_split", "subscription-dotsplit", "flag"),
    Row("balancing_algo", "subscription-algo", "algorithm"),
)
SERVER_VERIFICATION_PARAMS = (
    # These two make one line, ALGO:DIR.
    Row("digest_algo", "subscriptions-sign-check", "digest"),
    Row("dir_cert", "subscriptions-sign-check", "directory"),
    Row("tolerance", "subscriptions-sign-check-tolerance", "positive"),
    Row("no_check_uid", "subscriptions-sign-skip-uid", "uids"),
    Row("dir_credentials", "subscriptions-credentials-check", "directories"),
    Row("pass_unix_credentials", "subscriptions-use-credentials", "flag"),
)
CLIENT_PARAMS = (
    Row("start_unsubscribed", "start-unsubscribed", "flag"),
    Row("clear_on_exit", "subscription-clear-on-shutdown", "flag", V2_1),
    Row("unsubscribe_on_reload", "unsubscribe-on-graceful-reload", "flag"),
    Row("announce_interval", "subscribe-freq", "positive"),
)
SUBSCRIBE2 = "subscribe2"
SUBSCRIPTION = (
    Row("server", "server", "servers"),
    Row("key", "key", "keys", wire=("key",)),
    # A number is the index of the instance's socket, and then the field's name is "socket".
    Row("address", "addr", "address", wire=("address",)),
    Row("address_vassal", "vassal", "word", V2_1),
    Row("balancing_weight", "weight", "positive", wire=("weight",)),
    Row("balancing_algo", "algo", "algorithm", V2_1),
    Row("backup_level", "backup", "level", V2_1),
    # A pair adds the field "modifier2".
    Row("modifier", "modifier1", "modifier", wire=("modifier1", "modifier2")),
    Row("signing", "sign", "signing", wire=("unix", "sign")),
    # One field under two names: uWSGI announces while the file is ABSENT, so the second is the honest one.
    Row("check_file", "check", "file"),
    Row("suspend_file", "check", "file"),
    Row("protocol", "proto", "word", V2_1),
    Row("sni_cert", "sni_crt", "file", wire=("sni_crt",)),
    Row("sni_key", "sni_key", "file", wire=("sni_key",)),
    Row("sni_client_ca", "sni_ca", "client_ca", wire=("sni_ca",)),
    Row("inactive", "inactive", "flag", V2_1),
)
GROUPS: Dict[str, Tuple[Row, ...]] = {
    "server_params": SERVER_PARAMS,
    "server_verification_params": SERVER_VERIFICATION_PARAMS,
    "client_params": CLIENT_PARAMS,
    "subscriptions": SUBSCRIPTION,
}


# The options that give an instance a socket of its own (core/uwsgi.c), counted in the order of their lines.
_SOCKET_KINDS = "uwsgi suwsgi puwsgi ssl http http11 https fastcgi fastcgi-nph scgi scgi-nph raw"
SOCKETS = frozenset(["socket"] + [kind + "-socket" for kind in _SOCKET_KINDS.split()])


class Algorithm(NamedTuple):
    """A balancing algorithm: its name in a task, uWSGI's, and the first release that has it."""

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
KINDS["algorithm"]["choices"] = ALGORITHM_CHOICES

# The packet types of the uwsgi protocol, by the plugin that answers them (uwsgi.h, plugins/*/*.c: modifier1).
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
        path: the argument's place, for the error.

    Returns:
        major and minor number; all of 2.0 behaves alike.

    Raises:
        ArgumentError: when it is no version, or one older than 2.0.
    """
    match = re.match(r"(\d{1,4})\.(\d{1,4})(?![\d])", text.strip())
    if not match:
        raise ArgumentError(path, f"{text!r} is not a uWSGI version; give one such as 2.0 or 2.0.31")
    release = (int(match.group(1)), int(match.group(2)))
    if release < V2_0:
        raise ArgumentError(path, f"uWSGI {text.strip()} is not supported; the oldest release that is, is 2.0")
    return release


def require(path: str, what: str, since: Release, release: Release) -> None:
    """Refuse what the target would drop in silence.

    Args:
        what: uWSGI's own name of the option, field or value.

    Raises:
        ArgumentError: when ``release`` is older than ``since``.
    """
    if release < since:
        raise ArgumentError(
            path,
            "{} needs uWSGI {}.{} and the target has {}.{}, which would ignore it silently; "
            "leave it out, or set uwsgi_version if the target is newer".format(what, *(since + release)),
        )
