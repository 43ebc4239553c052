"""Errors of Redis: an outage becomes a storage error, a bug stays a bug and quotes nobody."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import exceptions as theirs
from redis._parsers.base import BaseParser

from storage.errors import (
    FAILURES,
    StorageDeniedError,
    StorageError,
    StorageUnavailableError,
    translate,
)
from storage.inbox.inbox import InboxFullError
from storage.records import HeldError, LostHoldError
from tests.valkeys import Node, Valkey, cluster, cluster_url, connect_admin, free_port, node

NOWHERE = Path("/nonexistent")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Node]:
    with node(tmp_path) as started:
        yield started


def told(answer: str) -> Exception:
    """Return the error that redis-py makes of a server's answer."""
    found: Exception = BaseParser.parse_error(answer)  # type: ignore[no-untyped-call]
    return found


@asynccontextmanager
async def client_of(port: int, login: str = "") -> AsyncIterator[Valkey]:
    async with connect_admin(f"redis://{login}127.0.0.1:{port}/0", NOWHERE) as client:
        yield client


async def in_a_pipeline(redis: Valkey, *command: Any, transaction: bool) -> None:
    async with redis.pipeline(transaction=transaction) as pipe:
        pipe.execute_command(*command)
        await pipe.execute()


async def each_way(redis: Valkey, *command: Any) -> list[Exception]:
    """Return the error of a command: alone, in a pipeline, in a transaction, in a script."""
    script = redis.register_script("return redis.call(unpack(ARGV))")
    tries = [
        redis.execute_command(*command),
        in_a_pipeline(redis, *command, transaction=False),
        in_a_pipeline(redis, *command, transaction=True),
        script(keys=[command[1]], args=list(command)),
    ]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert all(isinstance(one, Exception) for one in found), found
    return [one for one in found if isinstance(one, Exception)]


@pytest.mark.parametrize(
    "answer",
    [
        "OOM command not allowed when used memory > 'maxmemory'.",
        "OOM allow-oom flag is not set on the script, can not run it",
        "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "NOREPLICAS Not enough good replicas to write.",
        "READONLY You can't write against a read only replica.",
        "LOADING Valkey is loading the dataset in memory",
        "BUSY Valkey is busy running a script. You can only call SCRIPT KILL",
        "UNBLOCKED force unblock from blocking operation, instance state changed",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "CLUSTERDOWN The cluster is down",
        "CLUSTERDOWN Hash slot not served",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "MOVED 3999 127.0.0.1:6381",
        "ASK 3999 127.0.0.1:6381",
        "ERR max number of clients reached",
        "ERR max number of clients + cluster connections reached",
        "EXECABORT Transaction discarded because of: OOM command not allowed",
        "EXECABORT Transaction discarded because of: READONLY You can't write",
    ],
)
def test_what_passes_is_unavailable(answer: str) -> None:
    found = translate(told(answer))
    assert type(found) is StorageUnavailableError


@pytest.mark.parametrize(
    "answer",
    [
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "ERR invalid password",
        "DENIED Redis is running in protected mode because protected mode is enabled",
        "ERR DB index is out of range",
        "ERR SELECT is not allowed in cluster mode",
        "NOPERM User triage has no permissions to run the 'info' command",
        "NOPERM ACL failure in script: User triage has no permissions to run the 'info' command",
    ],
)
def test_what_an_operator_must_mend_is_denied(answer: str) -> None:
    assert type(translate(told(answer))) is StorageDeniedError


@pytest.mark.parametrize(
    "answer",
    [
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "ERR user_script:3: attempt to perform arithmetic on a nil value (local 'x')",
        "ERR Error compiling script (new function): user_script:1: '=' expected near 'x'",
        "ERR wrong number of arguments for 'hset' command",
        "ERR value is not an integer or out of range",
        "CROSSSLOT Keys in request don't hash to the same slot",
        "NOSCRIPT No matching script.",
        "EXECABORT Transaction discarded because of previous errors.",
    ],
)
def test_what_is_wrong_in_our_code_stays_a_bug(answer: str) -> None:
    assert translate(told(answer)) is None


def test_data_that_redis_py_refuses_and_lost_locks_are_bugs() -> None:
    for error in (theirs.DataError("None"), theirs.LockError("not owned"), theirs.WatchError("")):
        assert translate(error) is None


def test_whatever_the_storage_raises_is_told_apart_from_bugs() -> None:
    assert issubclass(InboxFullError, StorageUnavailableError)
    for held in (HeldError, LostHoldError):
        assert issubclass(held, StorageError)
        assert not issubclass(held, StorageUnavailableError)
    assert not any(issubclass(StorageError, one) for one in FAILURES)


async def test_a_wrong_type_is_a_bug_and_its_text_holds_no_words(redis: Valkey) -> None:
    await redis.set("triage:x", "1")
    for found in await each_way(redis, "RPUSH", "triage:x", "my card (4111) is", "lost)"):
        assert isinstance(found, theirs.ResponseError)
        assert "WRONGTYPE" in str(found)
        assert "4111" not in str(found)
        assert "lost" not in str(found)
    with pytest.raises(theirs.ResponseError) as unknown:
        await redis.execute_command("NOSUCH", "my card 4111")
    assert "4111" not in str(unknown.value)


async def test_full_memory_is_an_outage_each_way(server: Node) -> None:
    async with client_of(server.port) as redis:
        server.client.config_set("maxmemory", 1)
        for found in await each_way(redis, "SET", "triage:x", "1"):
            assert type(found) is StorageUnavailableError
            assert "Raise maxmemory" in str(found)


async def test_a_replica_and_a_master_without_replicas_are_outages(server: Node) -> None:
    async with client_of(server.port) as redis:
        server.client.config_set("min-replicas-to-write", 1)
        for found in await each_way(redis, "SET", "triage:x", "1"):
            assert type(found) is StorageUnavailableError
        server.client.config_set("min-replicas-to-write", 0)
        server.client.replicaof("127.0.0.1", 1)
        for found in await each_way(redis, "SET", "triage:x", "1"):
            assert type(found) is StorageUnavailableError
            assert "replica" in str(found)


async def test_a_read_that_waits_survives_a_change_of_roles(server: Node) -> None:
    async with client_of(server.port) as redis:
        waiting = asyncio.create_task(redis.bzpopmin("triage:{calls}:calls", timeout=9))
        await asyncio.to_thread(_until_blocked, server)
        server.client.replicaof("127.0.0.1", 1)
        with pytest.raises(StorageUnavailableError):
            await waiting


def _until_blocked(server: Node) -> None:
    while not int(server.client.info("clients")["blocked_clients"]):
        pass


async def test_a_wrong_password_and_missing_rights_are_denied(server: Node) -> None:
    ask = server.client.execute_command
    ask("ACL", "SETUSER", "few", "on", ">secret", "~triage:*", "+@all", "-set")
    async with client_of(server.port, "few:wrong@") as redis:
        with pytest.raises(StorageDeniedError, match="REDIS_URL"):
            await redis.get("triage:x")
    async with client_of(server.port, "few:secret@") as redis:
        for found in await each_way(redis, "SET", "triage:x", "1"):
            assert type(found) is StorageDeniedError
    ask("CONFIG", "SET", "requirepass", "secret")
    async with client_of(server.port) as redis:
        with pytest.raises(StorageDeniedError):
            await redis.get("triage:x")


async def test_a_server_that_is_away_or_hangs_up_is_unavailable(server: Node) -> None:
    async with client_of(free_port()) as redis:
        with pytest.raises(StorageUnavailableError):
            await redis.get("triage:x")
        with pytest.raises(StorageUnavailableError):
            await in_a_pipeline(redis, "GET", "triage:x", transaction=True)
    async with client_of(server.port) as redis:
        await redis.ping()
        server.process.kill()
        with pytest.raises(StorageUnavailableError):
            await redis.get("triage:x")


async def test_what_is_no_redis_is_unavailable() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        async with client_of(port) as redis:
            with pytest.raises(StorageUnavailableError):
                await redis.get("triage:x")


async def test_a_cluster_sorts_them_the_same_way(tmp_path: Path) -> None:
    with cluster(tmp_path) as nodes:
        async with connect_admin(cluster_url(nodes), NOWHERE) as redis:
            await redis.set("{a}triage:x", "1")
            for found in await each_way(redis, "RPUSH", "{a}triage:x", "my card (4111)"):
                assert isinstance(found, theirs.ResponseError)
                assert "4111" not in str(found)
            for one in nodes:
                one.client.config_set("maxmemory", 1)
            for found in await each_way(redis, "SET", "{a}triage:x", "1"):
                assert type(found) is StorageUnavailableError
            for one in nodes:
                one.process.kill()
            for found in await each_way(redis, "GET", "{a}triage:x"):
                assert type(found) is StorageUnavailableError
        async with connect_admin(cluster_url(nodes), NOWHERE) as redis:
            with pytest.raises(StorageUnavailableError):
                await redis.get("{a}triage:x")
