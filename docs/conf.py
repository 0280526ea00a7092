# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's settings for the documentation site, which docs/site builds. Nothing is loaded from the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from docutils import nodes

_ROOT = Path(__file__).resolve().parents[1]
_GALAXY = yaml.safe_load((_ROOT / "galaxy.yml").read_text(encoding="utf-8"))
_ANSIBLE = "https://docs.ansible.com/ansible/latest/"
# What Ansible's own documentation has, which antsibull-docs refers to.
_ELSEWHERE = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "ANSIBLE_CACHE_PLUGIN": "reference_appendices/config.html#envvar-ANSIBLE_CACHE_PLUGIN",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION": "reference_appendices/config.html#envvar-ANSIBLE_CACHE_PLUGIN_CONNECTION",
    "ANSIBLE_CACHE_PLUGIN_PREFIX": "reference_appendices/config.html#envvar-ANSIBLE_CACHE_PLUGIN_PREFIX",
    "ANSIBLE_CACHE_PLUGIN_TIMEOUT": "reference_appendices/config.html#envvar-ANSIBLE_CACHE_PLUGIN_TIMEOUT",
}

project = "emperor.uwsgi"
author = _GALAXY["authors"][0].partition(" (")[0]
copyright = "2026, " + author
version = release = _GALAXY["version"]
extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
nitpicky = True
default_role = "any"
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
html_theme = "furo"
html_title = f"{project} {version}"
html_show_sphinx = False
html_copy_source = False
html_use_index = False
html_static_path = ["static"]
html_css_files = ["site.css"]
# What is copied are the commands.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
# Dark where the system is.
antsibull_ext_color_scheme = "default-autodark"


def _elsewhere(app: Any, env: Any, node: Any, content: Any) -> Any:
    """A link to Ansible's documentation, None for what it isn't known to have."""
    page = _ELSEWHERE.get(node["reftarget"])
    if page is None:
        return None
    return nodes.reference("", "", content, internal=False, refuri=_ANSIBLE + page)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", _elsewhere)
