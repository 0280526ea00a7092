# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the page that lists every argument of a subscription: its release, what uWSGI reads and sends, and what proves it.

    python docs/arguments.py

It is made from the table that the code uses and from the marks ``proves`` of the tests.
"""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "docsite" / "rst" / "arguments.rst"
_LABEL = "ansible_collections.emperor.uwsgi.docsite.arguments"
_HEAD = f"""\
..
  Copyright (c) 2026, the emperor.uwsgi authors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by docs/arguments.py. Change plugins/module_utils/_arguments/table.py or the tests' marks, and run it again.

.. _{_LABEL}:

Every argument, and what proves it
==================================

What the arguments of ``emperor.uwsgi.uwsgi_subscription`` become, and the tests below ``tests/conformance`` that show it
with a real uWSGI: the option or field that it reads, the fields of the announcements that it sends, and what the router or the
node does. What needs uWSGI 2.1 is refused for 2.0, which would ignore it silently. It was tried with commit 6cbb2177 of the
master branch, which is 2.1-dev.
"""
# What each argument does, as it was seen; of what only 2.1 has, with commit 6cbb2177 of its master branch.
EFFECTS = {
    "server_params.client_notify_address": "The router tells this socket about each node that it adds, but not about nodes that "
    "leave.",
    "server_params.mountpoints_depth": "Keys have that many parts of the path. With 1, a fastrouter sends ``/app/...`` to the "
    "key ``a.test/app``, and what no such key has to ``a.test``. With 2, keys have exactly two parts. An http router always uses "
    "one. A domain that is announced beside its own mountpoints gets their nodes. Signatures are checked "
    "with the key of the part before the slash.",
    "server_params.require_vassal": "Announcements without ``vassal`` are dropped.",
    "server_params.tolerance": "A node that was silent for longer is dropped when somebody asks for its key.",
    "server_params.tolerance_inactive": "The same for a vassal whose address was cleared. Not for ``inactive``.",
    "server_params.key_dot_split": "A name without nodes is tried without its first part, up to five times.",
    "server_params.balancing_algo": "Where requests go. ``ip_hash`` takes the client's address in network order modulo the "
    "number of nodes, so with two nodes the parity of its first part decides, and ignores ``backup_level``.",
    "server_verification_params.digest_algo": "Announcements need a signature with this digest.",
    "server_verification_params.dir_cert": "Where the public keys are, each cached while its pool has a node.",
    "server_verification_params.tolerance": "The maximum age of an announcement that adds a node.",
    "server_verification_params.no_check_uid": "These users of a unix socket need no signature.",
    "server_verification_params.dir_credentials": "A sender on a unix socket must be the owner of the file with the key's name.",
    "server_verification_params.pass_unix_credentials": "The router asks the kernel who sends.",
    "client_params.start_unsubscribed": "Nothing is announced until the master FIFO gets an ``S``.",
    "client_params.clear_on_exit": "The node stays listed without its address, for an Emperor that starts it at the next "
    "request. Requests that it has at that moment are counted forever.",
    "client_params.unsubscribe_on_reload": "The node leaves before a graceful reload, and comes back after it.",
    "client_params.announce_interval": "How often the node announces itself.",
    "subscriptions.server": "Where the announcements go; each server gets its own datagram.",
    "subscriptions.key": "What the router compares with the Host header, byte by byte.",
    "subscriptions.address": "What the router connects to.",
    "subscriptions.address_vassal": "A second name, by which routers find the node when its address changes. Two nodes of a "
    "key with one name are one entry, whose address changes each time.",
    "subscriptions.balancing_weight": "The node's share, as a multiple of the lowest weight, rounded down.",
    "subscriptions.balancing_algo": "The first node of a pool chooses the algorithm of all.",
    "subscriptions.backup_level": "The node only serves while the pool has no node with a lower level.",
    "subscriptions.modifier": "The kind of request that the router sends.",
    "subscriptions.signing": "The announcement and its time are signed.",
    "subscriptions.check_file": "While the file exists, nothing is announced.",
    "subscriptions.suspend_file": "While the file exists, nothing is announced.",
    "subscriptions.protocol": "The http router speaks http to the node where this begins with an h, and uwsgi otherwise. No "
    "other router looks at it. It is always written, since a router uses a random byte for a node that sends none.",
    "subscriptions.sni_cert": "An https router shows this certificate for the key.",
    "subscriptions.sni_key": "The key of that certificate, on the router's host.",
    "subscriptions.sni_client_ca": "The authority whose client certificates the router accepts.",
    "subscriptions.inactive": "Nothing: no router reads it, and the node gets its full share. Use a drain.",
}


class _Proofs:
    """A pytest plugin that collects the marks and runs nothing."""

    def __init__(self) -> None:
        self.by_argument: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            test = f"{item.path.name}::{item.originalname}"
            for mark in item.iter_markers("proves"):
                for argument in mark.args:
                    if test not in self.by_argument[argument]:
                        self.by_argument[argument].append(test)


def proofs() -> dict[str, list[str]]:
    """The tests that prove each argument, by ``group.argument``.

    Raises:
        RuntimeError: when the tests can't be collected.
    """
    found = _Proofs()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        tests = ROOT / "tests" / "conformance"
        code = pytest.main(["--collect-only", "-qq", "--rootdir", str(ROOT), str(tests)], plugins=[found])
    if code:
        raise RuntimeError(said.getvalue())
    return found.by_argument


def page() -> str:
    """The page as reStructuredText.

    Raises:
        KeyError: for an argument that no test proves.
    """
    proved = dict(proofs())
    parts = [_HEAD]
    for group, rows in table.GROUPS.items():
        title = group if group != "subscriptions" else "subscriptions[]"
        parts.append(f"\n{title}\n{'-' * len(title)}\n")
        for row in rows:
            tests = proved.pop(f"{group}.{row.argument}")
            fields = {
                "Since uWSGI": "{}.{}".format(*row.since),
                "Option or field": f"``{row.name}``",
                "Announced as": ", ".join(f"``{field}``" for field in row.wire),
                "Proved by": ", ".join(f"``{test}``" for test in tests),
            }
            heading = f"``{row.argument}``"
            # Arguments of two groups may have the same name, so each has an anchor of its own.
            parts.append(f"\n.. _{_LABEL}.{group}.{row.argument}:\n\n{heading}\n{'~' * len(heading)}\n\n")
            parts.append(f"{EFFECTS[f'{group}.{row.argument}']}\n\n")
            parts += [f":{name}: {value}\n" for name, value in fields.items() if value]
    if proved:
        raise KeyError(f"tests prove arguments that are not in the table: {', '.join(proved)}")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
