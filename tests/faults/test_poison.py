"""Only the message that kills workers becomes a dead letter, not those beside it."""

import asyncio
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from storage import keys
from storage.inbox.events import EVENT, Posted
from tests.faults.child import POISON
from tests.faults.rig import Rig, open_rig
from tests.sandbox.running import eventually
from tests.stories.conftest import TEAM


async def survive(rig: Rig, seconds: float) -> int:
    """Restart a worker until there is a dead letter; return the number of its deaths."""
    assert rig.valkey is not None
    redis, died = rig.valkey.client, 0
    async with asyncio.timeout(seconds):
        while not redis.xlen(keys.dead(TEAM)):
            await rig.start("worker0")
            process = rig.processes["worker0"]

            def ended(process: Process = process) -> bool:
                return process.returncode is not None or bool(redis.xlen(keys.dead(TEAM)))

            await eventually(ended, seconds)
            died += process.returncode is not None
    return died


@pytest.mark.slow  # six leases expire
@pytest.mark.timeout(240)
async def test_only_the_poison_message_becomes_a_dead_letter(tmp_path: Path) -> None:
    async with open_rig(tmp_path, ("intake",)) as rig:
        assert rig.valkey is not None
        redis = rig.valkey.client
        for number in range(20):
            if number == 10:
                await rig.sandbox.control.post("U0CLEO", "C0SUPPORT", f"{POISON} please")
            await rig.write("BILLING")
        await eventually(lambda: redis.hlen(keys.inbox(TEAM)) == 21, 30)
        died = await survive(rig, 200)
        [(_, letter)] = redis.xrange(keys.dead(TEAM))
        event = EVENT.validate_json(letter["event"])
        assert isinstance(event, Posted)
        assert event.message.text.startswith(POISON)
        assert "6 times" in letter["reason"]
        assert died >= 6
        await eventually(lambda: not rig.unanswered(), 30)
