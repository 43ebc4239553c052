"""Faults of messages and commands: poison, kills, deletions, an undeliverable answer."""

import asyncio
import random
import time

from bot.config.config import load_config
from storage import keys
from storage.models import Models, Promotion
from storage.server.connection import connect
from tests.faults.child import POISON
from tests.faults.rig import Rig
from tests.faults.scenario import Scenario
from tests.faults.shipped import shipped_rig
from tests.learning.teaching import add_recipe
from tests.sandbox.running import eventually
from tests.stories.conftest import SUPPORT, TEAM

_ADMIN = "U0ADA"
_NOBODY = "http://127.0.0.1:9"


async def _in_flight(rig: Rig) -> None:
    assert rig.valkey is not None
    redis = rig.valkey.client
    await eventually(lambda: redis.zcard(keys.taken(TEAM)), 30)


async def _killed_five_times(rig: Rig) -> None:
    """Kill a worker five times, each time with messages in flight."""
    for _ in range(5):
        await _in_flight(rig)
        await rig.kill("worker0")


async def _poisoned(rig: Rig) -> None:
    """Send a message that kills its workers, and restart them as a supervisor does."""
    assert rig.valkey is not None
    redis = rig.valkey.client
    await rig.sandbox.control.post("U0CLEO", SUPPORT, f"{POISON} please")

    async def buried() -> bool:
        if rig.processes["worker0"].returncode is not None:
            await rig.start("worker0")
        return bool(redis.xlen(keys.dead(TEAM)))

    await eventually(buried, 150)


async def _deleted_while_away(rig: Rig) -> None:
    """Delete messages with and without a card while no process runs."""
    with_card = random.sample([ts for ts, count in rig.cards().items() if count], 3)
    for name in ("intake", "worker0"):
        rig.processes[name].kill()
        await rig.processes[name].wait()
    unseen = [await rig.sandbox.control.post("U0CLEO", SUPPORT, "BILLING") for _ in range(3)]
    for ts in [*with_card, *unseen]:
        await rig.sandbox.control.delete(SUPPORT, ts)
        rig.sent.pop(ts, None)
        rig.corrected.pop(ts, None)
    rig.deleted.update(with_card, unseen)
    for name in ("intake", "worker0"):
        await rig.start(name)
    await eventually(rig.connected, 120)


async def _no_card(rig: Rig) -> list[str]:
    """Check that cards of deleted messages are deleted within a minute."""
    until = time.monotonic() + 60
    while (left := len(rig.deleted & set(rig.cards()))) and time.monotonic() < until:  # noqa: ASYNC110 - polls
        await asyncio.sleep(0.1)
    return [f"deleted: {left} messages still have a card, 0 allowed"] if left else []


async def _rolled_back_unheard(rig: Rig) -> None:
    """Kill the bot while the answer to a rollback cannot be delivered."""
    config = load_config(rig.folder / "triage.toml")
    async with connect(rig.redis_url, rig.folder) as redis:
        models = Models(redis)
        for number in range(4):
            model = await add_recipe(redis, TEAM, config, number + 1.0)
            note = Promotion(act="force", who="test", when=f"{time.time():.3f}", why="")
            await models.promote(TEAM, model.id, note, None)
        interactions = rig.sandbox.server.sandbox.interactions
        url = interactions._url  # noqa: SLF001 - the only way to change it
        interactions._url = _NOBODY  # noqa: SLF001
        await rig.sandbox.control.slash(_ADMIN, SUPPORT, "/triage", "rollback it drifts")
        interactions._url = url  # noqa: SLF001

        async def acted() -> bool:
            return any(step.act == "rollback" for step in await models.history(TEAM))

        await eventually(acted, 30)
        await rig.kill("all")


async def _once(rig: Rig) -> list[str]:
    """Check that the verb ran once, and that its answer arrived as a direct message."""

    def answers() -> int:
        places = rig.sandbox.state.messages.items()
        direct = [text for place, texts in places if place[0] == "D" for text in texts.values()]
        return sum("Back to" in message["text"] for message in direct)

    until = time.monotonic() + 90
    while not answers() and time.monotonic() < until:  # noqa: ASYNC110 - polls
        await asyncio.sleep(0.1)
    async with connect(rig.redis_url, rig.folder) as redis:
        acts = [step.act for step in await Models(redis).history(TEAM)]
    runs, sent = acts.count("rollback"), answers()
    return [
        *([] if runs == 1 else [f"commands: a rollback ran {runs} times, exactly 1 allowed"]),
        *([] if sent == 1 else [f"commands: its answer came {sent} times, exactly 1 allowed"]),
    ]


SCENARIOS = {
    "worker killed five times with messages in hand": Scenario(_killed_five_times),
    "a message that kills whoever reads it": Scenario(_poisoned, dead=1),
    "messages deleted while all are away": Scenario(_deleted_while_away, check=_no_card),
    "response_url unreachable, bot killed": Scenario(
        _rolled_back_unheard, shipped_rig, check=_once
    ),
}
