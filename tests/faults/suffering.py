"""Lets a workspace under load suffer a fault, and counts what came of it."""

import asyncio
import time
from collections.abc import Mapping

from storage.errors import StorageUnavailableError
from storage.examples.examples import Examples
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.inbox import Inbox
from storage.server.connection import connect
from storage.server.protocol import Client
from tests.faults.outcome import Messages, Outcome
from tests.faults.rig import Rig
from tests.faults.scenario import Scenario
from tests.faults.use import Bounds, Use
from tests.sandbox.running import eventually
from tests.stories.conftest import SUPPORT, TEAM

_END_S = 180.0
_SETTLE_S = 30.0


async def suffer(
    made: Rig, name: str, scenario: Scenario, *, seconds: float, per_second: float
) -> Outcome:
    """Load before, during and after a fault; what came of it."""
    await made.warm()
    before = made.use()
    healed = asyncio.Event()
    loading = asyncio.create_task(made.load(seconds, per_second, healed))
    await asyncio.sleep(seconds / 5)
    try:
        await scenario.fault(made)
    finally:
        healed.set()
        await loading
    recovered = await _recovered(made)
    await eventually(made.up, 120)
    messages = await _counted(made, scenario)
    after = await _settled(made, before)
    broken = [*messages.broken(), *_broken(made, before, after), *await scenario.check(made)]
    money = made.money()
    if money is not None:
        broken += money.broken()
    usd = "" if money is None else str(money)
    return Outcome(name, messages, recovered, before, after, usd, tuple(broken))


async def _recovered(made: Rig) -> float:
    """Seconds until all is answered; it waits no longer than _END_S."""
    began = time.monotonic()
    while made.unanswered() and time.monotonic() < began + _END_S:  # noqa: ASYNC110 - polls
        await asyncio.sleep(0.1)
    return round(time.monotonic() - began, 1)


async def _counted(made: Rig, scenario: Scenario) -> Messages:
    async with connect(made.redis_url, made.folder) as redis:
        await _quiet(redis)
        dead = [
            one.event.item.ts if one.event else one.id
            async for one in DeadLetters(redis).iterate(TEAM)
        ]
        identities = [f"{SUPPORT}:{ts}" for ts in made.corrected]
        stored = await Examples(redis).get(TEAM, identities)
    kept = sum(
        one is not None and one.label == label
        for one, label in zip(stored, made.corrected.values(), strict=True)
    )
    cards = made.cards()
    unanswered = made.unanswered()
    records = made.sandbox.server.sandbox.delivery.records
    return Messages(
        sent=len(made.sent),
        acked=len({one["ts"] for one in records if one["acked"]} & set(made.sent)),
        answered=len(made.sent) - len(unanswered),
        dead=len(dead),
        dead_allowed=scenario.dead,
        cards_most=max(cards.values(), default=0),
        corrected=len(made.corrected),
        kept=kept,
        lost=len(set(unanswered).difference(dead)),
        twice=sum(cards[ts] > 1 or len(made.emoji(ts)) > 1 for ts in made.sent),
    )


def _broken(made: Rig, before: Mapping[str, Use], after: Mapping[str, Use]) -> list[str]:
    bounds = Bounds(made.more_mb, made.sockets)
    return [one for name, use in after.items() for one in bounds.broken(name, before[name], use)]


async def _settled(made: Rig, before: Mapping[str, Use]) -> Mapping[str, Use]:
    """What is used once all bounds hold, or after a while."""
    until = time.monotonic() + _SETTLE_S
    while True:
        now = made.use()
        if not _broken(made, before, now) or time.monotonic() > until:
            return now
        await asyncio.sleep(0.1)


async def _quiet(redis: Client) -> None:
    """Wait until the inbox is empty, so that nothing is counted while it still moves."""

    async def empty() -> bool:
        try:
            return await Inbox(redis).depth(TEAM) == 0
        except StorageUnavailableError:
            return False

    await eventually(empty, 120)
