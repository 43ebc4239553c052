"""Pools close the idle connections of a burst."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import StorageUnavailableError
from storage.server import pool
from tests.sandbox.running import eventually
from tests.valkeys import Valkey, cluster, cluster_url, connect_admin, watched


async def connections(redis: Valkey) -> int:
    return int((await redis.info("clients"))["connected_clients"])


async def burst(redis: Valkey) -> None:
    await asyncio.gather(*(redis.blpop("nothing", 0.1) for _ in range(20)))


async def gives_back(redis: Valkey) -> None:
    before = await connections(redis)
    await burst(redis)

    async def few() -> bool:
        return await connections(redis) <= before

    await eventually(few)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_EVERY_S", 0.5)


async def test_a_burst_is_served_and_its_connections_are_closed(valkey_url: str) -> None:
    async with connect_admin(valkey_url, Path("/nonexistent")) as redis:
        await gives_back(redis)


async def test_who_comes_when_all_are_in_use_waits_for_one(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_MOST", 2)
    async with connect_admin(valkey_url, Path("/nonexistent")) as redis:
        await burst(redis)
        monkeypatch.setattr(redis.connection_pool, "timeout", 0.05)
        with pytest.raises(StorageUnavailableError):
            await burst(redis)


async def test_so_it_is_below_sentinels(tmp_path: Path) -> None:
    with watched(tmp_path) as servers:
        async with connect_admin(servers.url, Path("/nonexistent")) as redis:
            await gives_back(redis)


async def test_so_it_is_in_a_cluster(tmp_path: Path) -> None:
    with cluster(tmp_path) as nodes:
        async with connect_admin(cluster_url(nodes), Path("/nonexistent")) as redis:
            servers = [one.client for one in nodes]

            def connected() -> int:
                return sum(int(one.info("clients")["connected_clients"]) for one in servers)

            await asyncio.gather(*(redis.ping(target_nodes="primaries") for _ in range(2)))
            before = connected()
            await burst(redis)
            await eventually(lambda: _asked(redis, connected, before + 3))


async def _asked(redis: Valkey, connected: Callable[[], int], most: int) -> bool:
    await redis.get("anything")
    return connected() <= most
