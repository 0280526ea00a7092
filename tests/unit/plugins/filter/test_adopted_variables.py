# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory files made from what was read on the hosts."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.emperor.uwsgi.plugins.filter import adopted_variables
from support import playbook
from support.adoptable import file, vassal
from support.filters import Filter
from support.modules import ROOT

FILTER = Filter(adopted_variables)
SHOP = vassal("shop", "module = app", "env = A={{ 1 + 1 }}")


def test_hosts_become_files() -> None:
    found = FILTER({"node1": [SHOP]}, group="web")
    assert found["hosts"] == {"node1": "host_vars/node1/adopted.yml"}
    assert list(found["files"]) == ["host_vars/node1/adopted.yml"]
    assert found["summary"] == ["node1: 1 of 1 vassals, 0 comments to review, in host_vars/node1/adopted.yml"]


def test_nothing_in_them_is_a_template(tmp_path: Path) -> None:
    text = "({'node1': [shop]} | emperor.uwsgi.adopted_variables).files['host_vars/node1/adopted.yml']"
    # As a module returns it.
    shop = {**SHOP, "text": "[uwsgi]\nmodule = app\nenv = A={{ '{{ 1 + 1 }}' }}\n"}
    [found] = playbook.template(tmp_path, text, shop=shop).results
    assert 'env: !unsafe "A={{ 1 + 1 }}"' in found["msg"]


def test_the_guide_shows_what_it_makes() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "migration.rst").read_text(encoding="utf-8")
    [given] = re.findall(r"\n    ; /etc/uwsgi/vassals/shop\.ini\n((?:    .*\n)+)", guide)
    [shown] = re.findall(r"makes ``host_vars/node1/adopted\.yml``:\n\n\.\. code-block:: yaml\+jinja\n\n((?:    .*\n)+)", guide)
    found = FILTER({"node1": [file(textwrap.dedent(given))]})["files"]["host_vars/node1/adopted.yml"]
    assert found.partition("\n---\n")[2] == textwrap.dedent(shown)


@pytest.mark.parametrize("given", [None, [], "a", {"a": None}, {"a": ["b"]}, {"../a": []}])
def test_what_was_not_read_on_hosts_is_refused(given: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"emperor\.uwsgi\.adopted_variables: files"):
        FILTER(given)
