# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of options and fields, and the specs that are made from it."""

from __future__ import annotations

from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments import kinds, spec
from ansible_collections.emperor.uwsgi.plugins.module_utils._arguments.table import GROUPS


def test_every_row_is_written_in_one_way() -> None:
    for rows in GROUPS.values():
        assert len({row.argument for row in rows}) == len(rows)


def test_every_kind_is_used() -> None:
    every = {name for name, one in vars(kinds).items() if isinstance(one, kinds.Kind)}
    assert every == {row.kind.name.upper() for rows in GROUPS.values() for row in rows}


def test_the_specs_are_made_from_the_table() -> None:
    for group, rows in GROUPS.items():
        found = spec.group(group)
        assert list(found) == [row.argument for row in rows]
        for row in rows:
            assert {name: value for name, value in found[row.argument].items() if name != "no_log"} == row.kind.ansible
    # These sound like secrets to Ansible, which would mask domains and file names in all its output.
    secrets = [name for found in map(spec.group, GROUPS) for name, one in found.items() if one.get("no_log") is False]
    assert sorted(secrets) == ["key", "key_dot_split", "signing", "sni_key"]
