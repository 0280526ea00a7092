# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of a host that were written to keep the controller busy: each is converted, or refused with its path, in time."""

from __future__ import annotations

import pytest
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._adopt import adopted, instance
from hostile import fuzz, samples

# A second on a quiet machine. What grows faster than its input takes more than ten.
_SECONDS = 5 * fuzz.SECONDS


@pytest.mark.parametrize("kind", samples.HOSTILE)
def test_a_file_is_converted_in_time(kind: str) -> None:
    ending, text, other = samples.HOSTILE[kind]
    path = f"/etc/uwsgi/vassals/0.{ending}"
    others = {f"/etc/uwsgi/vassals/1.{ending}": other} if other else {}
    given = {"path": path, "text": text, "owner": "alice", "others": others}
    with fuzz.limited(_SECONDS):
        instance.wanted(given)
    with fuzz.limited(_SECONDS):
        found = adopted.adopted({"node1": [given]}, "all")
    # The file that it is about is named.
    assert path in found.files["host_vars/node1/adopted.yml"]
    assert sum(map(len, found.files.values())) < 64 * max(len(text), 2**16)
