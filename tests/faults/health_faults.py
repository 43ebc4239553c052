"""A background loop that keeps failing, and strangers who hold connections open."""

import asyncio
import contextlib

from storage import keys
from tests.faults.rig import Rig
from tests.faults.scenario import Scenario
from tests.faults.shipped import ShippedRig, shipped_rig
from tests.sandbox.running import eventually
from tests.stories.conftest import TEAM

_STRANGERS = 600


async def _loop_fails(rig: Rig) -> None:
    """Make the jobs unreadable: `/healthz` reports it until they can be read again."""
    assert isinstance(rig, ShippedRig)
    assert rig.valkey is not None
    redis = rig.valkey.client
    assert await rig.health() == "ok"
    redis.set(keys.jobs(TEAM), "of another version")

    async def says(wanted: str) -> bool:
        return await rig.health() == wanted

    await eventually(lambda: says("failing: jobs"), 60)
    redis.delete(keys.jobs(TEAM))
    await eventually(lambda: says("ok"), 60)


async def _slowloris(rig: Rig) -> None:
    """Send half a request on hundreds of connections; `/healthz` keeps answering."""
    assert isinstance(rig, ShippedRig)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(_STRANGERS):
            _, writer = await asyncio.open_connection("127.0.0.1", rig.port)
            stack.callback(writer.close)
            writer.write(b"POST /healthz HTTP/1.1\r\nhost: x\r\nslow: ")
        for _ in range(5):
            assert await rig.health() == "ok"
            await asyncio.sleep(1)


SCENARIOS = {
    "a background loop fails each time": Scenario(_loop_fails, shipped_rig),
    "600 half HTTP requests (slowloris)": Scenario(_slowloris, shipped_rig),
}
