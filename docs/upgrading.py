# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the page that says what to look at before an upgrade from the last release.

    python docs/upgrading.py

It is made from the table of differences, tests/interface/differences.py, which the tests compare with the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "docsite" / "rst" / "upgrading.rst"
_HEAD = """\
..
  Copyright (c) 2026, the emperor.uwsgi authors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by docs/upgrading.py. Change tests/interface/differences.py, and run "make docs".

.. _ansible_collections.emperor.uwsgi.docsite.upgrading:

Upgrade from 1.0.0
==================

Hosts that were deployed with 1.0.0 are upgraded in place, one after the other. Each is drained meanwhile. No request is lost
if pools have two or more nodes and a front can use either of two routers.

1. Install the new release on the controller.
2. Look at what it would change, and what it refuses. This changes nothing:

   .. code-block:: console

       $ ansible-playbook -i inventory.yml emperor.uwsgi.site --check --diff

3. Upgrade. It needs ``emperor_router_stats``:

   .. code-block:: console

       $ ansible-playbook -i inventory.yml emperor.uwsgi.site

4. If a run is interrupted, start it again. It first finishes the interrupted hosts.

All names of 1.0.0 still work. Names that have changed are deprecated, and a run warns about each.

What is different
-----------------

Everything else is new or has not changed.
"""
_TITLES = {"role": "Roles", "module": "Modules", "hosts": "On the hosts"}


class Difference(Protocol):
    """What the page says of a difference."""

    where: str
    reason: str
    note: str


def page(differences: Iterable[Difference]) -> str:
    """The page's text, in reStructuredText."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {title: {} for title in _TITLES.values()}
    for one in differences:
        found[_TITLES[_kind(one.where)]].setdefault((one.reason, one.note), []).append(one.where)
    parts = [_HEAD]
    for title, rows in found.items():
        parts.append(f"\n{title}\n{'~' * len(title)}\n")
        for (reason, note), places in rows.items():
            parts.append(f"\n{'; '.join(places)}\n    {reason}\n\n    **What to do:** {note}\n")
    return "".join(parts)


def _kind(where: str) -> str:
    """What a difference is about, by its path."""
    first = where.partition(" / ")[0]
    return "hosts" if first == "hosts" else "role" if first.startswith("role") else "module"


if __name__ == "__main__":
    from interface.differences import DIFFERENCES

    PAGE.write_text(page(DIFFERENCES), encoding="utf-8")
