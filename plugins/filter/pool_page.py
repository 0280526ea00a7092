# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pool_page
short_description: Draw the live pools of uWSGI routers as a page
version_added: 1.0.0
author:
  - The emperor.uwsgi authors (@emperor-uwsgi)
description:
  - Makes an HTML page of what M(emperor.uwsgi.uwsgi_router_info) returned. It shows routers, keys and nodes as a graph, with
    their states (fresh, ghost, drained or failing), and in tables that can be sorted and searched.
  - With more than 200 subscriptions the page has a summary instead of the graph. It shows problems first, a square for each
    key and each node, and tables with pages.
  - The page is one file that loads nothing. Text from the network is escaped.
  - The same input makes the same page. It shows when the routers were asked.
  - The playbook C(emperor.uwsgi.report) asks the routers and writes the page.
positional: _input
options:
  _input:
    description:
      - What M(emperor.uwsgi.uwsgi_router_info) returned, even if it failed. Routers that did not answer are marked.
      - Or a mapping of hosts to what it returned on each, including unreachable hosts. If a host asked a single router, that
        router is shown under the host's name.
    type: dict
    required: true
  title:
    description: The title of the page.
    type: str
    default: uWSGI pools
"""

EXAMPLES = r"""
- name: Ask the routers, and go on where one doesn't answer
  emperor.uwsgi.uwsgi_router_info:
    router_stats: [10.0.0.2:2627, 10.0.0.3:2627]
  register: pool
  failed_when: pool.pools is not defined

- name: Show my colleagues
  ansible.builtin.copy:
    content: "{{ pool | emperor.uwsgi.pool_page(title='The shop') }}"
    dest: /srv/www/pool.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.emperor.uwsgi.plugins.plugin_utils._filters import filter_errors
from ansible_collections.emperor.uwsgi.plugins.plugin_utils._page import html


@filter_errors
def pool_page(info: Any, title: Any = "uWSGI pools") -> str:
    """The page; raises AnsibleFilterError if the value isn't a result of ``uwsgi_router_info``."""
    return html.page(info, title)


class FilterModule:
    """The filter ``pool_page``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names to functions."""
        return {"pool_page": pool_page}
