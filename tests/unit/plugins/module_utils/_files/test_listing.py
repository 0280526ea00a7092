# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in folders that anybody may own, and patterns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files import listing
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import UnsafePath
from support.files import NOBODY, needs_root, passable


def test_names_are_sorted(tmp_path: Path) -> None:
    for name in ("b", "a", ".c"):
        (tmp_path / name).touch()
    assert listing.names(str(tmp_path)) == [".c", "a", "b"]


def test_a_file_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(OSError):
        listing.names(str(tmp_path / "a"))


def test_a_folder_that_all_can_change_is_not_listed(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(UnsafePath):
        listing.names(str(tmp_path))


def test_too_many_names_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_NAMES", 2)
    for name in "abc":
        (tmp_path / name).touch()
    with pytest.raises(OSError, match="more than 2 names"):
        listing.names(str(tmp_path))
    assert listing.matches(str(tmp_path / "*")) == []


def test_patterns(tmp_path: Path) -> None:
    for name in ("a", "b", ".c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "uwsgi.ini").touch()
    (tmp_path / "b" / "other.ini").touch()
    (tmp_path / "file").touch()
    root = str(tmp_path)
    assert listing.matches(root + "/*/uwsgi.ini") == [root + "/a/uwsgi.ini", root + "/b/uwsgi.ini"]
    assert listing.matches(root + "/?/*.ini") == [root + "/a/uwsgi.ini", root + "/b/other.ini", root + "/b/uwsgi.ini"]
    assert listing.matches(root + "/.*/u*") == [root + "/.c/uwsgi.ini"]
    assert listing.matches(root + "/[xy]/*") == []
    assert listing.matches(root + "/gone/*") == []
    assert [listing.is_pattern(one) for one in ("/a/*", "/a?", "/[a]", "/a")] == [True, True, True, False]
    assert listing.is_folder(root + "/a") and not listing.is_folder(root + "/file")


@needs_root
def test_a_tenant_s_folder_is_listed_as_the_tenant() -> None:
    with passable() as folder:
        secret, tenant = folder / "secret", folder / "tenant"
        secret.mkdir(mode=0o700)
        (secret / "of-root").touch()
        tenant.mkdir()
        (tenant / "own").touch()
        (tenant / "link").symlink_to(secret)
        os.chown(tenant, NOBODY, NOBODY)
        assert listing.names(str(tenant)) == ["link", "own"]
        with pytest.raises(OSError):
            listing.names(str(tenant / "link"))
        assert listing.matches(str(tenant / "link" / "*")) == []
