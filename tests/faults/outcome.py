"""What came of a fault: what was answered, kept, lost and doubled, and what is still used."""

import asyncio
import time
from dataclasses import dataclass

from support_triage.storage.connection import Client, StorageUnavailableError, connect
from support_triage.storage.dead import DeadLetters
from support_triage.storage.examples import Examples
from support_triage.storage.inbox import Inbox
from tests.faults.rig import Fault, Rig
from tests.sandbox.running import eventually
from tests.stories.conftest import SUPPORT, TEAM

_END_S = 90.0
_SETTLE_S = 30.0
_MORE_FILES = 1  # of a process: it may be asking Redis at that moment


@dataclass(frozen=True)
class Use:
    """What the bot's processes use of something, before a fault and after, and may use then."""

    before: float
    after: float
    allowed: float

    def __str__(self) -> str:
        return f"{self.before:.0f}→{self.after:.0f}"


@dataclass(frozen=True)
class Outcome:
    """A line of the table; `lost` and `twice` must be 0."""

    fault: str
    sent: int
    acked: int
    answered: int
    dead: int
    cards_most: int
    corrections: str
    lost: int
    twice: int
    recovered_s: float
    rss_mb: Use
    files: Use

    @property
    def fine(self) -> bool:
        """Nothing lost, nothing twice, every correction there, memory and files back."""
        right, _, all_ = self.corrections.partition("/")
        whole = self.lost == 0 and self.twice == 0 and right == all_
        return whole and all(one.after <= one.allowed for one in (self.rss_mb, self.files))


async def suffer(
    made: Rig, name: str, fault: Fault, *, seconds: float, per_second: float
) -> Outcome:
    """Load before, during and after a fault; what came of it."""
    await made.write("BILLING")
    await eventually(lambda: not made.unanswered(), 60)
    base = made.usage()
    healed = asyncio.Event()
    loading = asyncio.create_task(made.load(seconds, per_second, healed))
    await asyncio.sleep(seconds / 5)
    try:
        await fault(made)
    finally:
        healed.set()
        await loading
    return await _outcome(made, name, time.monotonic(), base)


async def _outcome(made: Rig, fault: str, healed: float, base: tuple[float, float]) -> Outcome:
    """Wait until all is answered, or for long enough, and count."""
    until = time.monotonic() + _END_S
    while made.unanswered() and time.monotonic() < until:  # noqa: ASYNC110 - polls
        await asyncio.sleep(0.1)
    recovered = time.monotonic() - healed
    async with connect(made.redis_url, made.folder) as redis:
        await _quiet(redis)
        letters = [one async for one in DeadLetters(redis).iterate(TEAM)]
        dead = {one.event.item.ts for one in letters if one.event is not None}
        examples = Examples(redis)
        stored = await examples.get(TEAM, [f"{SUPPORT}:{ts}" for ts in made.corrected])
    right = sum(
        one is not None and one.label == label
        for one, label in zip(stored, made.corrected.values(), strict=True)
    )
    cards = made.cards()
    open_ = set(made.unanswered())
    twice = [ts for ts in made.sent if cards[ts] > 1 or len(made.emoji(ts)) > 1]
    rss, files = await _settled(made, base)
    records = made.sandbox.server.sandbox.delivery.records
    return Outcome(
        fault=fault,
        sent=len(made.sent),
        acked=len({one["ts"] for one in records if one["acked"]} & set(made.sent)),
        answered=len(made.sent) - len(open_),
        dead=len(dead),
        cards_most=max(cards.values(), default=0),
        corrections=f"{right}/{len(made.corrected)}",
        lost=len(open_ - dead),
        twice=len(twice),
        recovered_s=round(recovered, 1),
        rss_mb=rss,
        files=files,
    )


async def _settled(made: Rig, base: tuple[float, float]) -> tuple[Use, Use]:
    """Memory and files once both are back, or after a while."""
    until = time.monotonic() + _SETTLE_S
    allowed = [base[0] + made.more_mb * len(made.processes)]
    allowed += [base[1] + _MORE_FILES * len(made.processes)]
    while True:
        now = made.usage()
        if (now[0] <= allowed[0] and now[1] <= allowed[1]) or time.monotonic() > until:
            rss, files = map(Use, base, now, allowed)
            return rss, files
        await asyncio.sleep(0.1)


async def _quiet(redis: Client) -> None:
    """Wait until the inbox is empty, so that nothing is counted while it still moves."""

    async def empty() -> bool:
        try:
            return await Inbox(redis).depth(TEAM) == 0
        except StorageUnavailableError:
            return False

    await eventually(empty, 60)
