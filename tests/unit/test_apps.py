# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to Django and Flask, done as it says: the projects, nginx, and every later change."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import nginx, wheels
from support.documented import Fleet, files_of, removed
from support.loopback import wait_for
from support.modules import ROOT
from support.uwsgi import BINARY

pytestmark = pytest.mark.long

APPS = ROOT / "docs" / "docsite" / "rst" / "apps.rst"
TEXT = APPS.read_text(encoding="utf-8")
DEMAND = "An application on demand\n"
SHOP, BLOG = "shop.example.com", "blog.example.com"
PACKAGES = {
    "shop": ("Django", "asgiref", "sqlparse"),
    "blog": ("Flask", "Werkzeug", "Jinja2", "MarkupSafe", "itsdangerous", "click", "blinker"),
}
URLS = """
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", lambda request: HttpResponse("the shop, release {0}")),
    path("fails", lambda request: 1 / 0),
]
"""
# A file that all nodes share, in place of a database server.
DATABASES = "DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': {0!r}}}}}\n"


def block(language: str, beginning: str = "") -> str:
    """The only block of code in a language that begins with this text."""
    found = re.findall(rf"^\.\. code-block:: {language}\n((?:\n|[ \t]+\S.*\n)+)", TEXT, re.MULTILINE)
    [one] = [text for text in (textwrap.dedent(each).strip() + "\n" for each in found) if text.startswith(beginning)]
    return one


def pack(path: Path, files: dict[str, str]) -> None:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            one = tarfile.TarInfo(name)
            one.size, one.mode = len(content.encode()), 0o644
            archive.addfile(one, io.BytesIO(content.encode()))


def pack_the_shop(fleet: Fleet, folder: Path, *releases: int) -> None:
    """Releases of the project that Django creates, with the guide's settings."""
    project = folder / "project"
    project.mkdir()
    made = [sys.executable, "-m", "django", "startproject", "shop", str(project)]
    subprocess.run(made, check=True, timeout=60)
    settings = project / "shop" / "settings.py"
    more = fleet.moved(block("python", "# shop/settings.py")) + DATABASES.format(str(folder / "shop.sqlite3"))
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    for release in releases:
        (project / "shop" / "urls.py").write_text(URLS.format(release), encoding="utf-8")
        (project / "requirements.txt").write_text("Django\n", encoding="utf-8")
        paths = [path for path in project.rglob("*.*") if path.is_file()]
        files = {path.relative_to(project).as_posix(): path.read_text(encoding="utf-8") for path in paths}
        pack(folder / "releases" / f"shop-{release}.tar.gz", files)


def get(address: str, host: str, path: str = "/") -> tuple[int, str]:
    request = urllib.request.Request(f"http://{address}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


@contextmanager
def front(fleet: Fleet, folder: Path) -> Iterator[str]:
    """The address of nginx with the guide's configuration, or of the router's http front if there is no nginx."""
    if nginx.MISSING:
        yield fleet.stats()[0].partition(":")[0] + ":8080"
        return
    with nginx.running(folder, fleet.moved(block("nginx"))) as address:
        yield address


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds the projects' requirements in a folder."""
    pytest.importorskip("django")
    pytest.importorskip("flask")
    wheels.write(tmp_path / "wheels", *PACKAGES["shop"], *PACKAGES["blog"])
    settings = {"FIND_LINKS": str(tmp_path / "wheels"), "NO_INDEX": "1", "CONFIG_FILE": os.devnull, "NO_COMPILE": "1"}
    for name, value in settings.items():
        monkeypatch.setenv("PIP_" + name, value)
    # The Python that belongs to this uWSGI.
    monkeypatch.setenv("PATH", f"{Path(BINARY).parent}:{os.environ['PATH']}")


def commands(heading: str) -> list[list[str]]:
    """The commands of a section, each as the names of playbooks with their arguments."""
    section = TEXT.partition(f"\n{heading}\n---")[2]
    section = re.split(r"\n[^\n]+\n---+\n", section)[0]
    return [line.split() for line in re.findall(r"\$ ansible-playbook -i inventory.yml (.+)", section)]


def run(fleet: Fleet, *arguments: str) -> str:
    """Run a command of the guide. The hosts share a folder here, so they are handled one after the other."""
    names = [one for at, one in enumerate(arguments) if one != "-e" and arguments[at - 1] != "-e"]
    more = [one for one in arguments if one not in names]
    return "".join(fleet.play(name, *more, "--forks=1") for name in names)


@pytest.mark.usefixtures("offline")
def test_two_applications_are_deployed_released_changed_and_removed(tmp_path: Path) -> None:
    (tmp_path / "apps.rst").write_text(TEXT.partition(DEMAND)[0], encoding="utf-8")
    fleet = Fleet(tmp_path, tmp_path / "apps.rst")
    vassals = tmp_path / "group_vars" / "nodes.yml"
    vassals.parent.mkdir()
    for name in ("group_vars/nodes.yml", "link.yml"):
        (tmp_path / name).write_text(fleet.files[name], encoding="utf-8")
    pack_the_shop(fleet, tmp_path, 1, 2)
    blog = block("python", "# blog.py")
    pack(tmp_path / "releases" / "blog-1.tar.gz", {"blog.py": blog, "requirements.txt": "Flask\n"})

    first = commands("Install a release")
    assert [one[0] for one in first] == ["install.yml", "install.yml", "site.yml"]
    with removed(fleet):
        for one in first:
            run(fleet, *one)
        with front(fleet, tmp_path / "nginx") as web:
            wait_for("the shop", lambda: get(web, SHOP) == (200, "the shop, release 1"))
            wait_for("the blog", lambda: get(web, BLOG) == (200, "the blog, release 1\n"))
            assert get(web, SHOP, "/admin/login/")[0] == 200
            assert "color" in get(web, SHOP, "/static/admin/css/base.css")[1]
            # The traceback is in the log of the node that answered.
            assert get(web, SHOP, "/fails")[0] == 500
            logs = list(Path(fleet.run).glob("node*/emperor.log"))
            assert len(logs) == 2
            wait_for("the traceback", lambda: "ZeroDivisionError" in "".join(one.read_text("utf-8", "replace") for one in logs))

            forward, back = commands("Release, and roll back")
            for one, release in ((forward, 2), (back, 1)):
                run(fleet, *one)
                assert {get(web, SHOP) for dummy in range(6)} == {(200, f"the shop, release {release}")}
                assert os.readlink(tmp_path / "srv" / "shop" / "current") == f"releases/{release}"

            # One run covers both sections, since the command is the same.
            [site] = commands("Change an option")
            assert commands("Remove an application") == [site]
            kept, entry, gone = fleet.files["group_vars/nodes.yml"].partition("  - name: blog\n")
            assert entry and BLOG in gone and "processes: 4\n" in kept
            vassals.write_text(kept.replace("processes: 4\n", "processes: 6\n"), encoding="utf-8")
            run(fleet, *site)
            inis = [path.read_text(encoding="utf-8") for path in (tmp_path / "hosts").glob("node*/vassals/shop.ini")]
            assert [bool(re.search("^processes = 6$", ini, re.MULTILINE)) for ini in inis] == [True, True]
            assert get(web, SHOP) == (200, "the shop, release 1")
            assert get(web, BLOG)[0] in (0, 502)
            assert list((tmp_path / "hosts").rglob("blog*")) == []
            assert (tmp_path / "signing_keys" / f"{BLOG}.pem").exists()

            vassals.write_text(fleet.moved(files_of(TEXT.partition(DEMAND)[2])["group_vars/nodes.yml"]), encoding="utf-8")
            run(fleet, *site)
            wait_for("the blog", lambda: get(web, BLOG) == (200, "the blog, release 1\n"))


def test_nginx_reads_the_configuration(tmp_path: Path) -> None:
    if nginx.MISSING:
        pytest.skip(nginx.MISSING)
    fleet = Fleet(tmp_path, APPS)
    try:
        with front(fleet, tmp_path / "nginx") as web:
            # It answers, but has no router behind it.
            assert get(web, SHOP)[0] == 502
    finally:
        os.rmdir(fleet.run)
