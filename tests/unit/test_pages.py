# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages that are made from the code, the list of the guides, and the targets of Markdown's links."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from interface.differences import DIFFERENCES
from support import browser
from support.modules import COLLECTIONS, ROOT

PAGE = Path("docs") / "docsite" / "rst" / "arguments.rst"
GUIDES = {path.stem for path in (ROOT / "docs" / "docsite" / "rst").glob("*.rst")}
MARKDOWN = sorted(path for pattern in ("*.md", "roles/*/README.md") for path in ROOT.glob(pattern))
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
_SCRIPT = "import arguments, sys; sys.stdout.write(arguments.page())"


def test_the_page_of_arguments_is_up_to_date() -> None:
    # In a process of its own, since it collects tests just like the process that runs this.
    path = os.pathsep.join(map(str, (COLLECTIONS, ROOT / "tests", ROOT / "docs")))
    found = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == found.stdout, "run make docs"


def program(name: str) -> ModuleType:
    """A program that makes pages."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_upgrade_notes_are_those_of_the_table() -> None:
    upgrading = program("upgrading")
    written = upgrading.PAGE.read_text(encoding="utf-8")
    assert written == upgrading.page(DIFFERENCES), "run make docs"
    assert all(one.note in written and one.where in written for one in DIFFERENCES)


@pytest.fixture
def playbooks() -> ModuleType:
    """The program that makes the page of playbooks."""
    return program("playbooks")


@pytest.fixture
def trim() -> ModuleType:
    """The program that shortens the reference."""
    return program("trim")


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_variable_of_a_playbook_is_on_the_page(path: Path, playbooks: ModuleType) -> None:
    text = path.read_text(encoding="utf-8")
    words, variables = playbooks.described(text)
    # The variables of its plays; a role's own variables are in the role's documentation.
    own = {name: str(value) for play in yaml.safe_load(text) for name, value in play.get("vars", {}).items()}
    for name, value in own.items():
        if name.startswith(("emperor_", "fastrouter_")):
            # These had another name in the last release.
            assert all(f"(alias: {alias})" in variables[name] for alias in re.findall(r"\b(\w+) \| default\(", value))
    page = playbooks.page()
    assert playbooks.marked(words) in page
    assert all(f"``{name}``" in page for name in variables)


def test_a_variables_description_may_have_several_lines(playbooks: ModuleType) -> None:
    text = "# Copyright\n---\n# Does it. The variables are:\n#   a  one\n#      and more\n#   b_c  two\n- hosts: all\n"
    assert playbooks.described(text) == ("Does it. The variables are:", {"a": "one and more", "b_c": "two"})
    with pytest.raises(ValueError, match="without a description"):
        playbooks.described("---\n- hosts: all\n")
    with pytest.raises(ValueError, match="below its variables"):
        playbooks.described("# Copyright\n---\n# Does it.\n#   a  one\n# More.\n- hosts: all\n")


def test_options_and_names_are_literals(playbooks: ModuleType) -> None:
    text = "With --check --diff it writes group_vars/GROUP/a.yml (a_b, by default c-d). Set it with -e:"
    marked = "With ``--check --diff`` it writes ``group_vars/GROUP/a.yml`` (``a_b``, by default c-d). Set it with ``-e``:"
    assert playbooks.marked(text) == marked


def test_every_guide_is_listed_in_the_same_order() -> None:
    listed = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    names = [name for section in listed["sections"] for name in section["toctree"]]
    assert sorted(names) == sorted(GUIDES)
    index = (ROOT / "docs" / "index.rst").read_text(encoding="utf-8")
    assert re.findall(r"^   collections/emperor/uwsgi/docsite/(\S+)$", index, re.MULTILINE) == names
    captions = re.findall(r"^   :caption: (.+)$", index, re.MULTILINE)
    assert captions == [*(section["title"] for section in listed["sections"]), "Reference"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(docs/docsite/rst/(\S+)\.rst\)", readme)) == GUIDES


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_markdown_page_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", path.read_text(encoding="utf-8")):
        name, dummy, anchor = target.partition("#")
        page = path.parent / name if name else path
        assert page.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, target


def entry(name: str, text: str) -> str:
    return f".. _ansible_collections.emperor.uwsgi.one_role__entrypoint-{name}:\n\n{text}\n"


def test_the_page_of_a_role_begins_with_main(trim: ModuleType) -> None:
    head, links = "Title\n+++++\n\n", "\n.. Extra links\n\nlinks\n"
    more = "Synopsis\n^^^^^^^^\n\n- Text.\n\nAuthors\n^^^^^^^\n\n- Somebody\n"
    page = head + entry("drain", "Drain.") + entry("main", more) + entry("step", "Step.") + links
    assert trim.role_page(page, {"step"}) == head + entry("main", "- Text.\n\n") + entry("drain", "Drain.") + links
    with pytest.raises(ValueError, match="without links"):
        trim.role_page(head + entry("main", "Main."), set())


def test_entry_points_are_private_by_their_descriptions(trim: ModuleType) -> None:
    specs = {"main": {"description": ["Runs."]}, "step": {"description": ["A step.", trim.PRIVATE]}}
    assert trim.private(specs) == {"step"}


def test_the_same_notes_on_all_pages_are_left_out(trim: ModuleType) -> None:
    contents = ".. contents::\n   :local:\n\n.. contents:: Topics\n\n"
    note = ".. Collection note\n\n.. note::\n    Part of a collection.\n\n    Install it.\n\n"
    action = ".. note::\n    This module has a corresponding :ref:`action plugin <action_plugins>`.\n\n"
    kept = ".. note::\n    Another.\n\n"
    assert trim.trimmed(f"Title\n{note}{contents}Text\n\n{action}{kept}.. End\n") == f"Title\nText\n\n{kept}.. End\n"


def test_the_list_of_plugins_begins_with_the_roles(trim: ModuleType) -> None:
    modules = ".. _module_plugins_in_emperor.uwsgi:\n\nModules\n~~~~~~~\n\n* One\n\n.. toctree::\n\n    one_module\n\n"
    listed = "Role Index\n----------\n\nThese are the roles:\n\n* Two\n\n\n"
    roles = f".. _role_plugins_in_emperor.uwsgi:\n\n{listed}.. seealso::\n\n    All.\n"
    found = trim.index_page("Title\n\n" + modules + roles)
    assert re.findall(r"^(?:\* )?(\w+)$", found, re.MULTILINE) == ["Roles", "Two", "Modules", "One"]
    assert "    one <one_module>\n" in found
    with pytest.raises(ValueError, match="without modules or roles"):
        trim.index_page(roles)


def test_authors_and_links_are_parts_of_the_page(trim: ModuleType) -> None:
    page = "Return Values\n-------------\n\nAuthors\n~~~~~~~\n\nCollection links\n~~~~~~~~~~~~~~~~\n\nOther\n~~~~~\n"
    assert re.findall(r"^(.+)\n-+$", trim.trimmed(page), re.MULTILINE) == ["Return Values", "Authors", "Collection links"]


def test_the_changelog_has_a_short_title(trim: ModuleType) -> None:
    page = "====================\nOne.Two Release Notes\n====================\n\nText\n"
    assert trim.trimmed(page) == "=========\nChangelog\n=========\n\nText\n"


@pytest.fixture
def conf() -> ModuleType:
    """Sphinx's settings."""
    pytest.importorskip("sphinx_antsibull_ext")
    return program("conf")


@pytest.mark.parametrize(
    "page", [*(f"collections/emperor/uwsgi/docsite/{name}" for name in sorted(GUIDES)), "index", "playbooks"]
)
def test_a_page_links_to_the_file_that_it_is_made_from(page: str, conf: ModuleType) -> None:
    url = conf.edited(page)
    path = re.sub(r"^https://github.com/emperor-uwsgi/emperor.uwsgi/(?:edit|tree)/main/", "", url)
    assert path != url
    assert (ROOT / path).exists()
    if path.endswith(".rst"):
        assert "\n.. Made by" not in (ROOT / path).read_text(encoding="utf-8")


def test_a_page_of_antsibull_docs_links_to_what_it_names(conf: ModuleType) -> None:
    assert (
        conf.edited("collections/emperor/uwsgi/one_module", "https://a.test/edit/one.py?description=x")
        == "https://a.test/edit/one.py"
    )
    assert conf.edited("collections/environment_variables") == ""


def test_a_name_in_a_title_breaks_behind_the_collections(conf: ModuleType) -> None:
    core, nodes = pytest.importorskip("docutils.core"), pytest.importorskip("docutils.nodes")
    page = core.publish_doctree(
        "emperor.uwsgi.one module\n++++++++++++++++++++++++\n\nemperor.uwsgi.two\n", settings_overrides={"doctitle_xform": False}
    )
    conf._let_title_break(None, page, "one")
    assert [one.astext() for one in next(iter(page.findall(nodes.title)))] == ["emperor.uwsgi.", "<wbr>", "one module"]
    assert [one.astext() for one in page.findall(nodes.paragraph)] == ["emperor.uwsgi.two"]


@pytest.mark.skipif(browser.BINARY is None, reason="there is no Chromium")
def test_a_table_fits_a_phone(tmp_path: Path) -> None:
    cells = "".join(f"<td>{word}</td>" for word in ("symptom", f"<code>{'x' * 60}</code>", "remedy"))
    titles = "".join(f"<th>{word}</th>" for word in ("See", "Meaning", "Do"))
    table = f"<table class=docutils><thead><tr>{titles}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
    for name in ("site.css", "site.js"):
        (tmp_path / name).write_bytes((ROOT / "docs" / "static" / name).read_bytes())
    head = "<!doctype html><meta name=viewport content='width=device-width'><link rel=stylesheet href=site.css>"
    page = tmp_path / "page.html"
    page.write_text(f"{head}<article>{table}</article><script src=site.js></script>", encoding="utf-8")
    with browser.tab(tmp_path / "profile") as tab:
        tab.open(page, width=390)
        assert tab.value("document.scrollingElement.scrollWidth") == 390
        title = "getComputedStyle(document.querySelectorAll('td')[{}], '::before').content"
        assert [tab.value(title.format(at)) for at in range(3)] == ["none", '"Meaning"', '"Do"']
        assert tab.complaints == []
        tab.said.clear()
        tab.open(page, width=1440)
        assert tab.value("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
