# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's settings for the documentation site, which docs/site builds. Nothing is loaded from the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx_antsibull_ext import assets

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
# The pages that programs write, with what to edit instead.
_MADE = {
    "arguments": "docs/arguments.py",
    "performance": "tests/benchmarks",
    "playbooks": "playbooks",
    "upgrading": "tests/interface/differences.py",
}
_SOURCE_ICON = """\
<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"><path d="m8 6-6 6 6 6m8-12 6 6-6 6"/></svg>"""

project = "emperor.uwsgi"
author = _GALAXY["authors"][0].partition(" (")[0]
copyright = "2026, " + author
version = release = _GALAXY["version"]
extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
nitpicky = True
default_role = "any"
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
templates_path = ["templates"]
html_theme = "furo"
html_title = f"{project} {version}"
html_show_sphinx = False
html_copy_source = False
html_use_index = False
html_static_path = ["static"]
html_css_files = ["colors.css", "site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_favicon = html_logo = "static/icon.svg"
html_theme_options = {
    "top_of_page_buttons": ["edit"],
    "footer_icons": [{"name": "Source", "url": _GALAXY["repository"], "html": _SOURCE_ICON, "class": ""}],
}
# What is copied are the commands.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
# Those of _write_colors instead.
antsibull_ext_color_scheme = "none"


def _elsewhere(app: Any, env: Any, node: Any, content: Any) -> Any:
    """A link to Ansible's documentation, None for what it isn't known to have."""
    page = _ELSEWHERE.get(node["reftarget"])
    if page is None:
        return None
    return nodes.reference("", "", content, internal=False, refuri=_ANSIBLE + page)


def _write_colors(app: Any) -> None:
    """The colours of antsibull-docs, dark where the system is, or where the theme's switch says so."""
    light, dark = (assets.get_color_scheme_content(name).decode() for name in ("default", "default-dark"))
    rules = (
        light.replace(":root", "body"),
        dark.replace(":root", 'body[data-theme="dark"]'),
        "@media(prefers-color-scheme:dark){" + dark.replace(":root", 'body:not([data-theme="light"])') + "}",
    )
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "colors.css").write_text("\n".join(rules), encoding="utf-8")


def _let_title_break(app: Any, doctree: nodes.document, docname: str) -> None:
    """Let a plugin's name break behind the collection's, and not anywhere, in a title that is too long for a phone."""
    prefix = project + "."
    for title in list(doctree.findall(nodes.title))[:1]:
        for text in [one for one in title.findall(nodes.Text) if one.startswith(prefix)]:
            parts = [nodes.Text(prefix), nodes.raw("", "<wbr>", format="html"), nodes.Text(text[len(prefix) :])]
            text.parent.replace(text, parts)


def edited(page: str, url: str = "") -> str:
    """What to edit to change a page.

    Args:
        page: its name.
        url: what antsibull-docs says.
    """
    name = page.rpartition("/")[2]
    if url:
        return url.partition("?")[0]
    path = _MADE.get(name)
    if path is None:
        path = f"docs/docsite/rst/{name}.rst" if "/docsite/" in page else f"docs/{name}.rst"
    exact = _ROOT / path
    return f"{_GALAXY['repository']}/{'tree' if exact.is_dir() else 'edit'}/main/{path}" if exact.exists() else ""


def _link_source(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The link for editing, at the top of a page."""
    context["theme_source_edit_link"] = edited(page, (context.get("meta") or {}).get("github_url", ""))


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", _elsewhere)
    app.connect("builder-inited", _write_colors)
    app.connect("doctree-resolved", _let_title_break)
    app.connect("html-page-context", _link_source)
