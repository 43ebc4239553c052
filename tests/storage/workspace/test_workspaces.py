"""The first workspace adopts the data that the command line stored before a bot ran."""

import asyncio

import pytest

from storage import keys
from storage.workspace.workspaces import LOCAL, Workspaces
from tests.valkeys import Valkey


@pytest.fixture
async def stored(redis: Valkey) -> Valkey:
    await Workspaces(redis).add(LOCAL)
    await redis.hset(keys.examples(LOCAL), "a", "text")
    await redis.zadd(keys.order(LOCAL), {"a": 1})
    await redis.set(keys.lock(LOCAL, "C1", "1.0"), "held", px=50_000)
    await redis.hset(keys.model_files(LOCAL), "m", "aGVsbG8=")
    return redis


async def test_the_first_workspace_adopts_the_local_one(stored: Valkey) -> None:
    workspaces = Workspaces(stored)
    await workspaces.enter("T1")
    assert await workspaces.all() == ["T1"]
    assert await stored.hgetall(keys.examples("T1")) == {"a": "text"}
    assert await stored.zrange(keys.order("T1"), 0, -1) == ["a"]
    assert await stored.hgetall(keys.model_files("T1")) == {"m": "aGVsbG8="}
    assert 0 < await stored.pttl(keys.lock("T1", "C1", "1.0")) <= 50_000
    assert await stored.ttl(keys.order("T1")) == -1
    assert await stored.keys(f"{keys.prefix(LOCAL)}*") == []


async def test_a_later_workspace_does_not(stored: Valkey) -> None:
    workspaces = Workspaces(stored)
    await workspaces.add("T1")
    await workspaces.enter("T2")
    assert await workspaces.all() == ["T1", "T2", LOCAL]
    assert await stored.hgetall(keys.examples("T2")) == {}


async def test_many_processes_that_start_at_once_adopt_once(stored: Valkey) -> None:
    async def start() -> None:
        await Workspaces(stored).enter("T1")
        await stored.hset(keys.examples("T1"), "b", "written after the start")

    await asyncio.gather(*(start() for _ in range(5)))
    assert set(await stored.hgetall(keys.examples("T1"))) == {"a", "b"}


async def test_an_adoption_that_was_killed_is_done_again(stored: Valkey) -> None:
    await stored.set(keys.adoption(), "T1", px=300)  # its holder has died
    await stored.hset(keys.examples("T1"), "half", "copied")
    await Workspaces(stored).enter("T1")
    assert await stored.hgetall(keys.examples("T1")) == {"a": "text"}
