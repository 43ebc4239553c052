"""Redis killed, away, half open, slow, full, failing over and moved."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from storage import keys
from storage.server.connection import connect
from storage.server.embedded import EmbeddedValkey
from tests.faults.rig import ALL_EMOJI, SHIPPED_MORE_MB, TRIAGE, Fault, Rig, rig
from tests.faults.scenario import Scenario
from tests.stories.conftest import TEAM
from tests.valkeys import cluster, cluster_url, node, watched


def _again(made: Rig) -> None:
    assert made.valkey is not None
    options = ("--appendonly", "yes", "--appendfsync", "everysec")
    made.valkey = made.stack.enter_context(node(made.folder, *options, port=made.valkey.port))


async def _redis_killed(made: Rig) -> None:
    assert made.valkey is not None
    made.valkey.process.kill()
    made.valkey.process.wait()
    await asyncio.sleep(0.5)
    _again(made)


async def _last_second_lost(made: Rig) -> None:
    """As after a power cut: what was written in the last second is not in the file."""
    assert made.valkey is not None
    folder = made.folder / str(made.valkey.port) / "appendonlydir"
    [file] = folder.glob("*.incr.aof")
    kept = file.stat().st_size
    await asyncio.sleep(1.0)
    made.valkey.process.kill()
    made.valkey.process.wait()
    with file.open("r+b") as opened:
        opened.truncate(kept)
    _again(made)


def _away(seconds: float) -> Fault:
    async def away(made: Rig) -> None:
        made.to_redis.refusing = True
        made.to_redis.cut()
        await asyncio.sleep(seconds)
        made.to_redis.refusing = False

    return away


async def _redis_half_open(made: Rig) -> None:
    made.to_redis.flowing.clear()
    await asyncio.sleep(4)
    made.to_redis.flowing.set()


async def _redis_slow(made: Rig) -> None:
    made.to_redis.delay_s = 0.05
    await asyncio.sleep(4)
    made.to_redis.delay_s = 0.0


async def _redis_full(made: Rig) -> None:
    assert made.valkey is not None
    made.valkey.client.config_set("maxmemory", 1)
    await asyncio.sleep(4)
    made.valkey.client.config_set("maxmemory", 0)


@asynccontextmanager
async def _sentinel_rig(folder: Path) -> AsyncIterator[Rig]:
    with watched(folder) as servers:
        async with rig(folder, redis_url=servers.url) as made:
            made.valkey = servers.master
            yield made


async def _failover(made: Rig) -> None:
    assert made.valkey is not None
    made.valkey.client.wait(1, 5_000)
    made.valkey.process.kill()
    await asyncio.sleep(3)


@asynccontextmanager
async def _cluster_rig(folder: Path) -> AsyncIterator[Rig]:
    with cluster(folder) as nodes:
        async with rig(folder, redis_url=cluster_url(nodes)) as made:
            made.valkey = nodes[0]
            yield made


async def _moved(made: Rig) -> None:
    """The slot of the workspace goes to another master, while it is in use."""
    assert made.valkey is not None
    ask = made.valkey.client.execute_command
    slot = ask("CLUSTER KEYSLOT", keys.inbox(TEAM))
    shards = [
        (one[2][2] if isinstance(one[2], list) else one[2], one[0], one[1], one[2][1])
        for one in ask("CLUSTER SLOTS")
    ]
    owner = next(port for _, first, last, port in shards if first <= slot <= last)
    target = next(name for name, _, _, port in shards if port != owner)
    from redis import Redis  # noqa: PLC0415 - here alone

    client: Any = Redis(port=owner, decode_responses=True)
    try:
        client.execute_command("CLUSTER MIGRATESLOTS SLOTSRANGE", slot, slot, "NODE", target)
        await asyncio.sleep(2)
    finally:
        client.close()


@asynccontextmanager
async def _embedded_rig(folder: Path) -> AsyncIterator[Rig]:
    """One `triage run` as shipped, with the Valkey that it starts itself."""
    data = folder / "data"
    async with rig(
        folder,
        ("all",),
        redis_url=EmbeddedValkey(data).url,
        command=TRIAGE,
        environment={"REDIS_URL": "", "TRIAGE_DATA_DIR": str(data)},
        emoji_shown=ALL_EMOJI,
        more_mb=SHIPPED_MORE_MB,
    ) as made:
        yield made
    with EmbeddedValkey(data):
        """It outlived the process that was killed: the last user stops it."""


async def _embedded_killed(made: Rig) -> None:
    async with connect(made.redis_url, made.folder) as redis:
        for _ in range(2):
            os.kill((await redis.info("server"))["process_id"], signal.SIGKILL)
            await asyncio.sleep(1)


SCENARIOS = {
    "Redis killed": Scenario(_redis_killed),
    "Redis loses its last second": Scenario(_last_second_lost),
    "Redis away for 30 s": Scenario(_away(30), seconds=40),
    "Redis half open for 4 s": Scenario(_redis_half_open),
    "Redis slow (50 ms a packet)": Scenario(_redis_slow),
    "Redis full for 4 s": Scenario(_redis_full),
    "Redis failing over (Sentinel)": Scenario(_failover, _sentinel_rig),
    "Redis slot moved (Cluster)": Scenario(_moved, _cluster_rig),
    "embedded Valkey killed, twice": Scenario(_embedded_killed, _embedded_rig),
}
