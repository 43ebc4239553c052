"""A message is held for as long as somebody works on it, and no longer."""

import asyncio

from support_triage.storage.connection import Client
from support_triage.storage.records import Hold, MessageId, Records


async def test_a_hold_that_was_left_is_not_renewed(redis: Client) -> None:
    hold = Hold(Records(redis), MessageId(team="T1", channel="C", ts="1.5"))
    await hold.acquire()
    renewing = asyncio.create_task(hold.keep())  # never cancelled, as if that had been swallowed
    await hold.leave()
    await asyncio.wait_for(renewing, 5)
