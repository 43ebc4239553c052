"""Redis killed, unreachable, half open, slow, full, failing over and moved."""

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
from tests.faults.rig import ALL_EMOJI, SHIPPED_MORE_MB, TRIAGE, Fault, Rig, open_rig
from tests.faults.scenario import Scenario
from tests.stories.conftest import TEAM
from tests.valkeys import cluster, cluster_url, node, watched


def _restart(rig: Rig) -> None:
    assert rig.valkey is not None
    options = ("--appendonly", "yes", "--appendfsync", "everysec")
    rig.valkey = rig.stack.enter_context(node(rig.folder, *options, port=rig.valkey.port))


async def _redis_killed(rig: Rig) -> None:
    assert rig.valkey is not None
    rig.valkey.process.kill()
    rig.valkey.process.wait()
    await asyncio.sleep(0.5)
    _restart(rig)


async def _last_second_lost(rig: Rig) -> None:
    """Lose the writes of the last second, as after a power cut."""
    assert rig.valkey is not None
    folder = rig.folder / str(rig.valkey.port) / "appendonlydir"
    [file] = folder.glob("*.incr.aof")
    kept = file.stat().st_size
    await asyncio.sleep(1.0)
    rig.valkey.process.kill()
    rig.valkey.process.wait()
    with file.open("r+b") as opened:
        opened.truncate(kept)
    _restart(rig)


def _away(seconds: float) -> Fault:
    async def away(rig: Rig) -> None:
        rig.to_redis.refusing = True
        rig.to_redis.cut()
        await asyncio.sleep(seconds)
        rig.to_redis.refusing = False

    return away


async def _redis_half_open(rig: Rig) -> None:
    rig.to_redis.flowing.clear()
    await asyncio.sleep(4)
    rig.to_redis.flowing.set()


async def _redis_slow(rig: Rig) -> None:
    rig.to_redis.delay_s = 0.05
    await asyncio.sleep(4)
    rig.to_redis.delay_s = 0.0


async def _redis_full(rig: Rig) -> None:
    assert rig.valkey is not None
    rig.valkey.client.config_set("maxmemory", 1)
    await asyncio.sleep(4)
    rig.valkey.client.config_set("maxmemory", 0)


@asynccontextmanager
async def _sentinel_rig(folder: Path) -> AsyncIterator[Rig]:
    with watched(folder) as servers:
        async with open_rig(folder, redis_url=servers.url) as rig:
            rig.valkey = servers.master
            yield rig


async def _failover(rig: Rig) -> None:
    assert rig.valkey is not None
    rig.valkey.client.wait(1, 5_000)
    rig.valkey.process.kill()
    await asyncio.sleep(3)


@asynccontextmanager
async def _cluster_rig(folder: Path) -> AsyncIterator[Rig]:
    with cluster(folder) as nodes:
        async with open_rig(folder, redis_url=cluster_url(nodes)) as rig:
            rig.valkey = nodes[0]
            yield rig


async def _moved(rig: Rig) -> None:
    """Move the slot of the workspace to another master while it is in use."""
    assert rig.valkey is not None
    ask = rig.valkey.client.execute_command
    slot = ask("CLUSTER KEYSLOT", keys.inbox(TEAM))
    shards = [
        (row[2][2] if isinstance(row[2], list) else row[2], row[0], row[1], row[2][1])
        for row in ask("CLUSTER SLOTS")
    ]
    owner = next(port for _, first, last, port in shards if first <= slot <= last)
    target = next(name for name, _, _, port in shards if port != owner)
    from redis import Redis  # noqa: PLC0415 - used only here

    client: Any = Redis(port=owner, decode_responses=True)
    try:
        client.execute_command("CLUSTER MIGRATESLOTS SLOTSRANGE", slot, slot, "NODE", target)
        await asyncio.sleep(2)
    finally:
        client.close()


@asynccontextmanager
async def _embedded_rig(folder: Path) -> AsyncIterator[Rig]:
    """Open a rig of one `triage run` as shipped, with the Valkey that it starts itself."""
    data = folder / "data"
    async with open_rig(
        folder,
        ("all",),
        redis_url=EmbeddedValkey(data).url,
        command=TRIAGE,
        environment={"REDIS_URL": "", "TRIAGE_DATA_DIR": str(data)},
        emoji_shown=ALL_EMOJI,
        more_mb=SHIPPED_MORE_MB,
    ) as rig:
        yield rig
    with EmbeddedValkey(data):
        """Stop the server, which outlived the killed process."""


async def _embedded_killed(rig: Rig) -> None:
    async with connect(rig.redis_url, rig.folder) as redis:
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
