"""One message that kills its workers is buried, and none of those beside it."""

import asyncio
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from storage import keys
from storage.inbox.events import EVENT, Posted
from tests.faults.child import POISON
from tests.faults.rig import Rig, rig
from tests.sandbox.running import eventually
from tests.stories.conftest import TEAM


async def survive(made: Rig, seconds: float) -> int:
    """Start a worker again whenever it dies, until there is a dead letter; how often it died."""
    assert made.valkey is not None
    redis, died = made.valkey.client, 0
    async with asyncio.timeout(seconds):
        while not redis.xlen(keys.dead(TEAM)):
            await made.start("worker0")
            process = made.processes["worker0"]

            def over(process: Process = process) -> bool:
                return process.returncode is not None or bool(redis.xlen(keys.dead(TEAM)))

            await eventually(over, seconds)
            died += process.returncode is not None
    return died


@pytest.mark.slow  # six leases lapse
@pytest.mark.timeout(240)
async def test_only_the_poison_message_becomes_a_dead_letter(tmp_path: Path) -> None:
    async with rig(tmp_path, ("intake",)) as made:
        assert made.valkey is not None
        redis = made.valkey.client
        for number in range(20):
            if number == 10:
                await made.sandbox.control.post("U0CLEO", "C0SUPPORT", f"{POISON} please")
            await made.write("BILLING")
        await eventually(lambda: redis.hlen(keys.inbox(TEAM)) == 21, 30)
        died = await survive(made, 200)
        [(_, letter)] = redis.xrange(keys.dead(TEAM))
        event = EVENT.validate_json(letter["event"])
        assert isinstance(event, Posted)
        assert event.message.text.startswith(POISON)
        assert "6 times" in letter["reason"]
        assert died >= 6
        await eventually(lambda: not made.unanswered(), 30)
