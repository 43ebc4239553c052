"""A lease is renewed during its block, and not after it."""

import asyncio

from storage.server.leases import renewing
from tests.sandbox.running import eventually


async def test_a_lease_that_was_left_is_not_renewed_although_the_cancellation_was_swallowed() -> (
    None
):
    renewals = 0
    swallowed = asyncio.Event()

    async def renew() -> None:
        nonlocal renewals
        renewals += 1
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            swallowed.set()

    async with renewing(renew, 0.001):
        await eventually(lambda: renewals == 1)
    await asyncio.wait_for(swallowed.wait(), 5)
    await eventually(lambda: all(one is asyncio.current_task() for one in asyncio.all_tasks()))
    assert renewals == 1


async def test_a_renewal_that_fails_is_tried_again() -> None:
    renewals = 0

    async def renew() -> None:
        nonlocal renewals
        renewals += 1
        raise ValueError

    async with renewing(renew, 0.001):
        await eventually(lambda: renewals > 3)
