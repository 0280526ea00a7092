# Copyright (c) 2026, the emperor.uwsgi authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder for trying things out: who can do what in it, and that nothing is left of it."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional, Tuple

import pytest
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.child import as_user
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.identity import Identity
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.scratch import scratch
from ansible_collections.emperor.uwsgi.plugins.module_utils._files.trust import ANYBODY, UnsafePath
from support.files import NOBODY, mode, needs_root, ordinary_user, passable, put

OTHER = Identity(NOBODY, NOBODY)
THIRD = Identity(1, 1)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's folder for temporary files, which nobody else uses."""
    with passable() as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        yield folder


# Not another user: the folder is the caller's alone.
OWN: List[Optional[Identity]] = [None, Identity(0, 0), Identity(os.geteuid(), os.getegid())]


@pytest.mark.parametrize("user", OWN, ids=str)
def test_it_is_the_callers_own(temporary: Path, user: Optional[Identity]) -> None:
    with scratch(user) as found:
        path = Path(found.put("a.ini", b"content"))
        assert path == Path(found.path) / "a.ini"
        assert list(temporary.iterdir()) == [path.parent]
        assert (mode(path.parent), path.parent.stat().st_uid) == ("0700", os.geteuid())
        assert (mode(path), path.stat().st_uid, path.read_bytes()) == ("0400", os.geteuid(), b"content")
    assert list(temporary.iterdir()) == []


def test_it_has_any_number_of_files_and_can_be_cleared(temporary: Path) -> None:
    with scratch() as found:
        contents = {"a": b"", "b": bytes(range(256)) * 5000, "\u00fc %d": b"x"}
        for dummy in range(2):
            paths = [found.put(name, content) for name, content in contents.items()]
            assert [Path(path).read_bytes() for path in paths] == list(contents.values())
            found.clear()
            assert os.listdir(found.path) == []
        assert found.put("a", b"content")
    assert list(temporary.iterdir()) == []


def test_each_has_its_own(temporary: Path) -> None:
    with scratch() as first, scratch() as second:
        assert first.path != second.path
        assert Path(first.put("a", b"1")).read_bytes() + Path(second.put("a", b"2")).read_bytes() == b"12"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_after_an_error_nothing_is_left(temporary: Path, error: Any) -> None:
    with pytest.raises(error), scratch() as found:
        found.put("a", b"content")
        raise error
    assert list(temporary.iterdir()) == []


def test_of_a_file_that_can_not_be_written_nothing_is_left(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*dummy: object) -> int:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), scratch() as found:
        monkeypatch.setattr(os, "write", fails)
        try:
            found.put("a", b"content")
        finally:
            monkeypatch.undo()
    assert list(temporary.iterdir()) == []


def test_no_descriptor_is_left_open(temporary: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    with scratch() as found:
        found.put("a", b"content")
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_what_is_there_is_not_written_to(temporary: Path, tmp_path: Path) -> None:
    with scratch() as found:
        Path(found.path, "link").symlink_to(tmp_path / "target")
        put(Path(found.path, "file"))
        for name in ("link", "file"):
            with pytest.raises(FileExistsError):
                found.put(name, b"content")
        assert not (tmp_path / "target").exists()
        assert Path(found.path, "file").read_text() == "old"
        for name in ("link", "file"):
            Path(found.path, name).unlink()


# Another user


def attempts(path: str) -> List[Tuple[str, Callable[[], Any]]]:
    """What somebody might do to a file and to its folder."""
    folder, name = os.path.split(path)
    return [
        ("list", partial(os.listdir, folder)),
        ("add", partial(os.mkdir, folder + "/new")),
        ("remove", partial(os.unlink, path)),
        ("replace", partial(os.rename, path, folder + "/new")),
        ("move", partial(os.rename, folder, folder + "x")),
        ("write", partial(os.open, path, os.O_WRONLY)),
        ("read", partial(os.open, path, os.O_RDONLY)),
    ]


def allowed(user: Identity, path: str) -> List[str]:
    """Which of these attempts a user may make."""
    found = []
    for name, work in attempts(path):
        try:
            as_user(user, work)
        except PermissionError:
            continue
        found.append(name)
    return found


@needs_root
def test_another_user_reads_a_file_and_can_do_nothing_else(temporary: Path) -> None:
    with scratch(OTHER) as found:
        path = Path(found.put("a.ini", b"content"))
        assert (mode(path.parent), path.parent.stat().st_uid, path.parent.stat().st_gid) == ("0711", 0, 0)
        assert (mode(path), path.stat().st_uid, path.stat().st_gid) == ("0400", NOBODY, NOBODY)
        assert as_user(OTHER, lambda: path.read_bytes().decode()) == "content"
        assert allowed(OTHER, str(path)) == ["read"]
        assert allowed(THIRD, str(path)) == []
    assert list(temporary.iterdir()) == []


@needs_root
def test_a_file_is_no_other_users_before_it_is_whole(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    write = os.write

    def watched(handle: int, content: Any) -> int:
        status = os.fstat(handle)
        seen.append((oct(status.st_mode & 0o7777), status.st_uid))
        return write(handle, content)

    with scratch(OTHER) as found:
        monkeypatch.setattr(os, "write", watched)
        found.put("a", b"content")
        monkeypatch.undo()
    assert seen == [("0o400", NOBODY)]


def test_who_is_not_root_has_one_of_its_own_whoever_reads_it() -> None:
    with ordinary_user(), scratch(THIRD) as found:
        path = Path(found.put("a", b"content"))
        assert (mode(path.parent), path.stat().st_uid) == ("0700", os.geteuid())
    assert not path.parent.exists()


# The folder for temporary files, owner and mode of it or of its parent, and who could put a link in its place.
ABOVE: List[Any] = [
    ("above/below", 0, 0o755, None),
    ("above/below", 0, 0o1777, None),
    ("above/below", 0, 0o777, ANYBODY),
    ("above/below", NOBODY, 0o755, NOBODY),
    ("above/below", NOBODY, 0o1777, NOBODY),
    ("above", 0, 0o755, None),
    ("above", 0, 0o1777, None),
    ("above", 0, 0o777, ANYBODY),
    ("above", NOBODY, 0o755, NOBODY),
    ("above", NOBODY, 0o1777, NOBODY),
]


@needs_root
@pytest.mark.parametrize(("name", "uid", "bits", "who"), ABOVE)
def test_it_is_made_where_nobody_else_can_put_a_link(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, name: str, uid: int, bits: int, who: Optional[int]
) -> None:
    above = temporary / "above"
    (above / "below").mkdir(parents=True)
    os.chown(above, uid, 0)
    above.chmod(bits)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / name))
    if who is None:
        with scratch(OTHER) as found:
            assert os.path.dirname(found.path) == tempfile.tempdir
    else:
        with pytest.raises(UnsafePath) as caught, scratch(OTHER):
            pass
        assert (caught.value.path, caught.value.uid) == (str(above), who)
    assert [path.name for path in above.rglob("*")] == ["below"]


def test_links_of_roots_are_followed_once(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary / "real").mkdir()
    (temporary / "link").symlink_to("real")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "link"))
    with scratch() as found:
        (temporary / "link").unlink()
        assert os.path.dirname(found.path) == os.path.realpath(str(temporary / "real"))
        assert Path(found.put("a", b"content")).read_bytes() == b"content"
    assert list((temporary / "real").iterdir()) == []


def test_a_folder_for_temporary_files_that_is_not_there_is_an_error(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    with pytest.raises(FileNotFoundError), scratch():
        pass
