# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of all arguments: the option or field of ``subscribe2`` that each sets, its kind, and its first uWSGI release.

The argument specs, the renderer, the import, the documentation check and the tests all read it, so an option's name, kind
and first release are written only here.

Sources: ``uwsgi --dump-options`` of 2.0.19 to 2.0.31 and of 2.1-dev for the options, ``uwsgi_subscribe2``
(core/subscription.c) for the fields.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

from .._dialect import SUBSCRIBE2, SUBSCRIBE_TO, V2_0, V2_1, Release
from . import kinds
from .kinds import Kind


class Row(NamedTuple):
    """One argument.

    Attributes:
        argument: its name in a task.
        name: the option or field that uWSGI reads.
        kind: of its values.
        since: the first release that has it.
        wire: the fields of an announcement that carry it; empty if none does.
    """

    argument: str
    name: str
    kind: Kind
    since: Release = V2_0
    wire: Tuple[str, ...] = ()


# The rows are in the order in which lines and fields are written.
SERVER_PARAMS = (
    Row("client_notify_address", "subscription-notify-socket", kinds.SOCKET_PATH, wire=("notify",)),
    Row("mountpoints_depth", "subscription-mountpoint", kinds.POSITIVE, V2_1),
    Row("require_vassal", "subscription-vassal-required", kinds.FLAG, V2_1),
    Row("tolerance", "subscription-tolerance", kinds.POSITIVE),
    Row("tolerance_inactive", "subscription-tolerance-inactive", kinds.POSITIVE, V2_1),
    Row("key_dot_split", "subscription-dotsplit", kinds.FLAG),
    Row("balancing_algo", "subscription-algo", kinds.ALGORITHM),
)
SERVER_VERIFICATION_PARAMS = (
    # These two make one line, ALGO:DIR.
    Row("digest_algo", "subscriptions-sign-check", kinds.DIGEST),
    Row("dir_cert", "subscriptions-sign-check", kinds.DIRECTORY),
    Row("tolerance", "subscriptions-sign-check-tolerance", kinds.POSITIVE),
    Row("no_check_uid", "subscriptions-sign-skip-uid", kinds.UIDS),
    Row("dir_credentials", "subscriptions-credentials-check", kinds.DIRECTORIES),
    Row("pass_unix_credentials", "subscriptions-use-credentials", kinds.FLAG),
)
CLIENT_PARAMS = (
    Row("start_unsubscribed", "start-unsubscribed", kinds.FLAG),
    Row("clear_on_exit", "subscription-clear-on-shutdown", kinds.FLAG, V2_1, wire=("clear",)),
    Row("unsubscribe_on_reload", "unsubscribe-on-graceful-reload", kinds.FLAG),
    Row("announce_interval", "subscribe-freq", kinds.POSITIVE),
)
SUBSCRIPTION = (
    Row("server", "server", kinds.SERVERS),
    Row("key", "key", kinds.KEYS, wire=("key",)),
    # A number is the index of the instance's socket, in a field named "socket".
    Row("address", "addr", kinds.ADDRESS, wire=("address",)),
    Row("address_vassal", "vassal", kinds.VASSAL, V2_1, wire=("vassal",)),
    Row("balancing_weight", "weight", kinds.POSITIVE, wire=("weight",)),
    Row("balancing_algo", "algo", kinds.ALGORITHM, V2_1, wire=("algo",)),
    Row("backup_level", "backup", kinds.LEVEL, V2_1, wire=("backup",)),
    # A pair adds the field "modifier2".
    Row("modifier", "modifier1", kinds.MODIFIER, wire=("modifier1", "modifier2")),
    Row("signing", "sign", kinds.SIGNING, wire=("unix", "sign")),
    # One field with two names. uWSGI announces while the file is ABSENT, so the second name is the better one.
    Row("check_file", "check", kinds.FILE),
    Row("suspend_file", "check", kinds.FILE),
    Row("protocol", "proto", kinds.PROTOCOL, V2_1, wire=("proto",)),
    Row("sni_cert", "sni_crt", kinds.FILE, wire=("sni_crt",)),
    Row("sni_key", "sni_key", kinds.FILE, wire=("sni_key",)),
    Row("sni_client_ca", "sni_ca", kinds.CLIENT_CA, wire=("sni_ca",)),
    Row("inactive", "inactive", kinds.MARK, V2_1, wire=("inactive",)),
)
GROUPS: Dict[str, Tuple[Row, ...]] = {
    "server_params": SERVER_PARAMS,
    "server_verification_params": SERVER_VERIFICATION_PARAMS,
    "client_params": CLIENT_PARAMS,
    "subscriptions": SUBSCRIPTION,
}


def _by_option() -> Dict[str, str]:
    found = {
        **dict.fromkeys((SUBSCRIBE2, *SUBSCRIBE_TO), "subscriptions"),
        "weight": "subscriptions[].balancing_weight",
        "auto-weight": "subscriptions[].balancing_weight",
        "subscribe-with-modifier1": "subscriptions[].modifier",
    }
    for group in ("server_params", "server_verification_params", "client_params"):
        for row in GROUPS[group]:
            argument = f"{group}.{row.argument}"
            found[row.name] = f"{found[row.name]} and {argument}" if row.name in found else argument
    # The only one of these options with a second name, in 2.1.
    found["subscription-mountpoints"] = found["subscription-mountpoint"]
    return found


# From options to the arguments that set them.
ARGUMENTS: Dict[str, str] = _by_option()
