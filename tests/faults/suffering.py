"""Run a fault in a workspace under load, and count the results."""

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
    rig: Rig, name: str, scenario: Scenario, *, seconds: float, per_second: float
) -> Outcome:
    """Run a fault with load before, during and after it; return the outcome."""
    await rig.warm()
    before = rig.use()
    healed = asyncio.Event()
    loading = asyncio.create_task(rig.load(seconds, per_second, healed))
    await asyncio.sleep(seconds / 5)
    try:
        await scenario.fault(rig)
    finally:
        healed.set()
        await loading
    recovered = await _recovered(rig)
    await eventually(rig.up, 120)
    messages = await _counted(rig, scenario)
    after = await _settled(rig, before)
    broken = [*messages.broken(), *_broken(rig, before, after), *await scenario.check(rig)]
    money = rig.money()
    if money is not None:
        broken += money.broken()
    usd = "" if money is None else str(money)
    return Outcome(name, messages, recovered, before, after, usd, tuple(broken))


async def _recovered(rig: Rig) -> float:
    """Return the seconds until everything is answered, at most _END_S."""
    began = time.monotonic()
    while rig.unanswered() and time.monotonic() < began + _END_S:  # noqa: ASYNC110 - polls
        await asyncio.sleep(0.1)
    return round(time.monotonic() - began, 1)


async def _counted(rig: Rig, scenario: Scenario) -> Messages:
    async with connect(rig.redis_url, rig.folder) as redis:
        await _quiet(redis)
        dead = [
            letter.event.item.ts if letter.event else letter.id
            async for letter in DeadLetters(redis).iterate(TEAM)
        ]
        identities = [f"{SUPPORT}:{ts}" for ts in rig.corrected]
        stored = await Examples(redis).get(TEAM, identities)
    kept = sum(
        example is not None and example.label == label
        for example, label in zip(stored, rig.corrected.values(), strict=True)
    )
    cards = rig.cards()
    unanswered = rig.unanswered()
    records = rig.sandbox.server.sandbox.delivery.records
    return Messages(
        sent=len(rig.sent),
        acked=len({record["ts"] for record in records if record["acked"]} & set(rig.sent)),
        answered=len(rig.sent) - len(unanswered),
        dead=len(dead),
        dead_allowed=scenario.dead,
        cards_most=max(cards.values(), default=0),
        corrected=len(rig.corrected),
        kept=kept,
        lost=len(set(unanswered).difference(dead)),
        twice=sum(cards[ts] > 1 or len(rig.emoji(ts)) > 1 for ts in rig.sent),
    )


def _broken(rig: Rig, before: Mapping[str, Use], after: Mapping[str, Use]) -> list[str]:
    bounds = Bounds(rig.more_mb, rig.sockets)
    return [
        problem for name, use in after.items() for problem in bounds.broken(name, before[name], use)
    ]


async def _settled(rig: Rig, before: Mapping[str, Use]) -> Mapping[str, Use]:
    """Return the resource use once all bounds hold, or after _SETTLE_S."""
    until = time.monotonic() + _SETTLE_S
    while True:
        now = rig.use()
        if not _broken(rig, before, now) or time.monotonic() > until:
            return now
        await asyncio.sleep(0.1)


async def _quiet(redis: Client) -> None:
    """Wait until the inbox is empty, so that counts are final."""

    async def empty() -> bool:
        try:
            return await Inbox(redis).depth(TEAM) == 0
        except StorageUnavailableError:
            return False

    await eventually(empty, 120)
