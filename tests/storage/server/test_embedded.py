"""The embedded server: started once, shared, found again, and no acknowledged write is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import StorageUnavailableError
from storage.server import embedded
from storage.server.embedded import EmbeddedValkey, EmbeddedValkeyError
from tests.sandbox.running import eventually
from tests.valkeys import connect_admin

CHILD = """
import asyncio, sys
from pathlib import Path
from storage.server.connection import connect
async def main():
    async with connect(None, Path(sys.argv[1])) as redis:
        number = 0
        while True:
            number += 1
            await redis.set("last", number)
            print(number, flush=True)
asyncio.run(main())
"""


async def server_pid(folder: Path) -> int:
    async with connect_admin(None, folder) as redis:
        return int((await redis.info("server"))["process_id"])


async def test_users_share_one_server_and_the_last_stops_it(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as first:
        pid = await server_pid(tmp_path)
        assert await server_pid(tmp_path) == pid
        with EmbeddedValkey(tmp_path):
            pass
        assert first.socket_path.exists()
        assert await server_pid(tmp_path) == pid
    assert not first.socket_path.exists()


async def test_what_a_killed_user_wrote_is_found_again(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(100):
        child.stdout.readline()
    child.kill()
    acknowledged = 100 + len(child.stdout.read().split())
    child.wait()
    child.stdout.close()
    pid = await server_pid(tmp_path)  # found again; the last user stops it
    async with connect_admin(None, tmp_path) as redis:  # restarted from its append-only file
        assert int((await redis.info("server"))["process_id"]) != pid
        assert int(await redis.get("last")) >= acknowledged


async def test_it_comes_back_from_its_log_after_the_server_is_killed(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path):
        async with connect_admin(None, tmp_path) as redis:
            await redis.set("kept", "yes")
            await redis.waitaof(1, 0, 5000)
        os.kill(await server_pid(tmp_path), signal.SIGKILL)
        async with connect_admin(None, tmp_path) as redis:
            assert await redis.get("kept") == "yes"


async def test_one_that_is_killed_while_it_is_used_is_started_again(tmp_path: Path) -> None:
    async with connect_admin(None, tmp_path) as redis, connect_admin(None, tmp_path) as other:
        await redis.set("kept", "yes")
        pid = int((await redis.info("server"))["process_id"])
        os.kill(pid, signal.SIGKILL)

        async def back() -> bool:
            try:
                return int((await other.info("server"))["process_id"]) != pid
            except StorageUnavailableError:
                return False

        await eventually(back)
        assert await redis.get("kept") == "yes"
    assert not EmbeddedValkey(tmp_path).socket_path.exists()


async def test_a_server_that_turns_users_away_is_not_started_twice(tmp_path: Path) -> None:
    async with connect_admin(None, tmp_path) as redis:
        pid = (await redis.info("server"))["process_id"]
        await redis.config_set("maxclients", 1)
        with EmbeddedValkey(tmp_path):
            assert (await redis.info("server"))["process_id"] == pid
        await redis.config_set("maxclients", 100)


async def test_a_long_path_still_gets_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30)
    async with connect_admin(None, folder) as redis:
        assert await redis.ping()


def test_a_server_that_cannot_start_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("in the way")
    with pytest.raises(EmbeddedValkeyError, match="TRIAGE_DATA_DIR"):
        EmbeddedValkey(tmp_path).__enter__()


def test_an_unknown_executable_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "valkey-server"
    other.write_bytes(b"#!/bin/sh\ntouch started\n")
    other.chmod(0o700)
    monkeypatch.setattr(embedded, "get_binary_path", lambda: other)
    with (
        pytest.raises(EmbeddedValkeyError, match=r"unknown SHA-256 .* set REDIS_URL"),
        EmbeddedValkey(tmp_path / "data"),
    ):
        pass
    assert not (tmp_path / "data" / "started").exists()
