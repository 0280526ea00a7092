# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the collection's version, or check that it is the same everywhere.

python tests/release/version.py set VERSION    set it in galaxy.yml, in new options and in the changelog, with its fragments
python tests/release/version.py check          say why the work tree is not yet the release in galaxy.yml; change nothing
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
_VERSION = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}")
_GALAXY = re.compile(r"^version: (.*)$", re.MULTILINE)
_ADDED = re.compile(r"^( *version_added: )[\"']?([^\"'\n]+)[\"']?$", re.MULTILINE)


def problems(version: str, releases: list[str], fragments: list[str], added: dict[str, list[str]]) -> list[str]:
    """What is inconsistent.

    Args:
        version: the version in galaxy.yml.
        releases: the releases in the changelog.
        fragments: the names of changelog fragments that are in no release yet.
        added: every version_added, by file.
    """
    found = []
    if not _VERSION.fullmatch(version):
        found.append(f"galaxy.yml: version {version} is not MAJOR.MINOR.PATCH")
    newest = max(releases, key=_numbers, default="none")
    if version != newest:
        found.append(f"galaxy.yml: version {version} is not the newest release of the changelog, {newest}")
    found += [f"changelogs/fragments/{name}: is in no release" for name in fragments]
    for path, versions in added.items():
        found += [f"{path}: version_added {one} is no release" for one in versions if one not in releases]
    return found


def with_version(galaxy: str, version: str) -> str:
    """The text of galaxy.yml with another version."""
    return _GALAXY.sub("version: " + version, galaxy)


def with_added(text: str, releases: list[str], version: str) -> str:
    """A file's text, in which each version_added that is no release yet becomes ``version``."""
    return _ADDED.sub(lambda found: found[0] if found[2] in releases else found[1] + version, text)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _documented() -> list[Path]:
    return sorted([*(ROOT / "plugins").rglob("*.py"), *(ROOT / "roles").glob("*/meta/argument_specs.yml")])


def _releases() -> list[str]:
    return list(yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"])


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def check() -> list[str]:
    """Reasons why the work tree is not the release that galaxy.yml names."""
    text = {path: path.read_text(encoding="utf-8") for path in _documented()}
    added = {str(path.relative_to(ROOT)): [found[1] for found in _ADDED.findall(one)] for path, one in text.items()}
    fragments = sorted(path.name for path in (ROOT / "changelogs" / "fragments").glob("*.yml"))
    version = _GALAXY.findall((ROOT / "galaxy.yml").read_text(encoding="utf-8"))[0]
    found = problems(version, _releases(), fragments, added)
    page = ROOT / "CHANGELOG.rst"
    if not page.exists() or f"\nv{version}\n" not in page.read_text(encoding="utf-8"):
        found.append(f"CHANGELOG.rst: has no v{version}")
    if _git("status", "--porcelain"):
        found.append("the work tree has changes that are not committed")
    tagged = _git("tag", "--list", version)
    if tagged and _git("rev-list", "-n1", version) != _git("rev-parse", "HEAD"):
        found.append(f"the tag {version} is on another commit")
    return found


def change(version: str) -> None:
    """Set the version of the work tree, and move the fragments into the changelog.

    Raises:
        ValueError: if it is not a version, or not newer than all releases.
    """
    releases = _releases()
    if not _VERSION.fullmatch(version) or any(_numbers(version) <= _numbers(release) for release in releases):
        raise ValueError(f"{version} is not a version MAJOR.MINOR.PATCH above {', '.join(releases) or '0.0.0'}")
    galaxy = ROOT / "galaxy.yml"
    galaxy.write_text(with_version(galaxy.read_text(encoding="utf-8"), version), encoding="utf-8")
    for path in _documented():
        old = path.read_text(encoding="utf-8")
        new = with_added(old, releases, version)
        if new != old:
            path.write_text(new, encoding="utf-8")
    subprocess.run(["antsibull-changelog", "release"], cwd=ROOT, check=True)


def main(arguments: list[str]) -> int:
    """Run the command line; returns 0 if all is well."""
    if arguments == ["check"]:
        found = check()
        print("\n".join(found) or "one version everywhere")
        return int(bool(found))
    if len(arguments) == 2 and arguments[0] == "set":
        try:
            change(arguments[1])
        except ValueError as exc:
            print(exc, file=sys.stderr)
            return 1
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
