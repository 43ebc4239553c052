"""Stored data is private, and a folder or link of another user is refused."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from learning.bulk.file_out import FileOut
from learning.errors import DatasetError
from learning.export.whole_file import WholeFile
from storage.server.connection import connect
from storage.server.embedded import EmbeddedValkey, EmbeddedValkeyError
from storage.server.private_folder import private_folder


@pytest.fixture
def short() -> Iterator[Path]:
    """Yield a folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


def modes(folder: Path) -> dict[str, int]:
    """Return the modes of a folder and of everything in it, including sockets."""
    paths = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in paths}


async def test_everything_that_is_stored_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    before = os.umask(0)
    try:
        async with connect(None, folder) as redis:
            await redis.set("a", "b")
            await redis.bgrewriteaof()
            found = modes(folder)
    finally:
        os.umask(before)
    assert {name for name in found if name.startswith("appendonlydir/")}
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}


async def test_an_existing_folder_is_tightened_and_other_files_are_left(tmp_path: Path) -> None:
    async with connect(None, tmp_path) as redis:
        await redis.set("a", "b")
    other = tmp_path / "notes.sh"
    other.write_text("mine")
    other.chmod(0o755)
    for name, mode in ((".", 0o755), ("appendonlydir", 0o755), ("valkey.log", 0o644)):
        (tmp_path / name).chmod(mode)
    for path in (tmp_path / "appendonlydir").iterdir():
        path.chmod(0o644)
    async with connect(None, tmp_path) as redis:
        assert await redis.get("a") == "b"
        found = modes(tmp_path)
    assert found.pop("notes.sh") == 0o755
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}


def test_a_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    with pytest.raises(EmbeddedValkeyError, match=rf"belongs to user {own}.*TRIAGE_DATA_DIR"):
        EmbeddedValkey(tmp_path).__enter__()


@pytest.mark.parametrize("kind", ["link", "file", "foreign"])
def test_a_prepared_socket_folder_is_refused(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    server = EmbeddedValkey(tmp_path / ("deep" * 30))
    place = server.socket_path.parent
    assert place.parent == short
    if kind == "link":
        (short / "theirs").mkdir()
        place.symlink_to(short / "theirs")
    elif kind == "file":
        place.write_text("in the way")
    else:
        place.mkdir()
        if os.getuid() != 0:
            pytest.skip("only root can give a folder to another user")
        os.chown(place, 12345, 12345)
    with pytest.raises(EmbeddedValkeyError, match="cannot start the embedded Valkey"):
        server.__enter__()


def test_a_socket_folder_that_others_can_enter_is_tightened(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    server = EmbeddedValkey(tmp_path / ("deep" * 30))
    server.socket_path.parent.mkdir()
    server.socket_path.parent.chmod(0o777)
    with server:
        assert stat.S_IMODE(server.socket_path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket_path.stat().st_mode) & 0o077 == 0


def test_parents_that_are_made_are_nobody_elses_to_write_to(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private_folder(tmp_path / "a" / "b" / "data")
    finally:
        os.umask(before)
    found = modes(tmp_path / "a")
    assert found == {".": 0o755, "b": 0o755, "b/data": 0o700}


def test_a_data_folder_behind_a_link_of_ones_own_is_used(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o755)
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    with EmbeddedValkey(tmp_path / "data"):
        assert stat.S_IMODE((tmp_path / "disk").stat().st_mode) == 0o700


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "users.lock").symlink_to(victim)
    with pytest.raises(EmbeddedValkeyError, match="TRIAGE_DATA_DIR"):
        EmbeddedValkey(folder).__enter__()
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("way", ["export", "bulk"])
def test_files_with_texts_are_private_and_follow_no_link(tmp_path: Path, way: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = tmp_path / "out.jsonl"
    before = os.umask(0)
    try:
        if way == "export":
            with WholeFile(path) as whole:
                whole.file.write(b"text")
                whole.publish()
        else:
            bulk = FileOut(path)
            bulk.begin("job", b"")
            bulk.add("text")
            parts = {mode for name, mode in modes(tmp_path).items() if name.startswith(".out")}
            assert parts == {0o600}
            bulk.finish()
            bulk.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / ".out.jsonl.part").symlink_to(victim)
    with pytest.raises(DatasetError, match=r"out\.jsonl"):
        WholeFile(path) if way == "export" else FileOut(path).begin("job", b"")
    assert victim.read_text() == "precious"
