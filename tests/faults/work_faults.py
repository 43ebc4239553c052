"""What befalls messages and commands themselves: poison, kills, deletions, an unheard answer."""

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


async def _in_hand(made: Rig) -> None:
    assert made.valkey is not None
    redis = made.valkey.client
    await eventually(lambda: redis.zcard(keys.taken(TEAM)), 30)


async def _killed_five_times(made: Rig) -> None:
    """Each time with messages in its hands."""
    for _ in range(5):
        await _in_hand(made)
        await made.kill("worker0")


async def _poisoned(made: Rig) -> None:
    """One message kills whoever reads it; a supervisor starts the worker again each time."""
    assert made.valkey is not None
    redis = made.valkey.client
    await made.sandbox.control.post("U0CLEO", SUPPORT, f"{POISON} please")

    async def buried() -> bool:
        if made.processes["worker0"].returncode is not None:
            await made.start("worker0")
        return bool(redis.xlen(keys.dead(TEAM)))

    await eventually(buried, 150)


async def _deleted_while_away(made: Rig) -> None:
    """Neither an intake nor a worker runs; what is deleted then has a card, or waits for one."""
    with_card = random.sample([ts for ts, one in made.cards().items() if one], 3)
    for name in ("intake", "worker0"):
        made.processes[name].kill()
        await made.processes[name].wait()
    unseen = [await made.sandbox.control.post("U0CLEO", SUPPORT, "BILLING") for _ in range(3)]
    for ts in [*with_card, *unseen]:
        await made.sandbox.control.delete(SUPPORT, ts)
        made.sent.pop(ts, None)
        made.corrected.pop(ts, None)
    made.deleted.update(with_card, unseen)
    for name in ("intake", "worker0"):
        await made.start(name)
    await eventually(made.connected, 120)


async def _no_card(made: Rig) -> list[str]:
    """A card of a message that was deleted is taken down within a minute."""
    until = time.monotonic() + 60
    while (left := len(made.deleted & set(made.cards()))) and time.monotonic() < until:  # noqa: ASYNC110 - polls
        await asyncio.sleep(0.1)
    return [f"deleted: {left} messages still have a card, 0 allowed"] if left else []


async def _rolled_back_unheard(made: Rig) -> None:
    """The bot is killed while nobody takes the answer to a rollback."""
    config = load_config(made.folder / "triage.toml")
    async with connect(made.redis_url, made.folder) as redis:
        models = Models(redis)
        for number in range(4):
            model = await add_recipe(redis, TEAM, config, number + 1.0)
            note = Promotion(act="force", who="test", when=f"{time.time():.3f}", why="")
            await models.promote(TEAM, model.id, note, None)
        interactions = made.sandbox.server.sandbox.interactions
        there = interactions._url  # noqa: SLF001 - nothing else leads elsewhere
        interactions._url = _NOBODY  # noqa: SLF001
        await made.sandbox.control.slash(_ADMIN, SUPPORT, "/triage", "rollback it drifts")
        interactions._url = there  # noqa: SLF001

        async def acted() -> bool:
            return any(one.act == "rollback" for one in await models.history(TEAM))

        await eventually(acted, 30)
        await made.kill("all")


async def _once(made: Rig) -> list[str]:
    """The verb ran once, and its answer came as a direct message in the end."""

    def told() -> int:
        places = made.sandbox.state.messages.items()
        direct = [one for place, found in places if place[0] == "D" for one in found.values()]
        return sum("Back to" in one["text"] for one in direct)

    until = time.monotonic() + 90
    while not told() and time.monotonic() < until:  # noqa: ASYNC110 - polls
        await asyncio.sleep(0.1)
    async with connect(made.redis_url, made.folder) as redis:
        acts = [one.act for one in await Models(redis).history(TEAM)]
    done, said = acts.count("rollback"), told()
    return [
        *([] if done == 1 else [f"commands: one rollback ran {done} times, just 1 allowed"]),
        *([] if said == 1 else [f"commands: its answer was told {said} times, just 1 allowed"]),
    ]


SCENARIOS = {
    "worker killed five times with messages in hand": Scenario(_killed_five_times),
    "a message that kills whoever reads it": Scenario(_poisoned, dead=1),
    "messages deleted while all are away": Scenario(_deleted_while_away, check=_no_card),
    "response_url unreachable, bot killed": Scenario(
        _rolled_back_unheard, shipped_rig, check=_once
    ),
}
