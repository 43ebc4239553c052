"""Forgetting a person: counted first, then gone from Redis, the cards, snapshots and examples."""

from support_triage.bot.config import Config
from support_triage.learning.dataset import freeze
from support_triage.storage import keys
from support_triage.storage.dead import DeadLetters
from support_triage.storage.events import Posted
from support_triage.storage.examples import Examples
from support_triage.storage.records import Message, MessageId
from support_triage.storage.shadows import ShadowAnswer
from support_triage.storage.snapshots import Snapshots
from tests.learning.exports import LABELS
from tests.learning.teaching import add_recipe
from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, SUPPORT, Story

SECRET = "Refund invoice 4711 of my bakery please"


async def holds(story: Story) -> list[str]:
    """Keys whose value says what the person wrote."""
    found = []
    async for key in story.redis.scan_iter():
        dumped = await story.redis.execute_command("DUMP", key, NEVER_DECODE=True)
        if dumped is not None and b"bakery" in dumped:  # a lock may be gone by now
            found.append(str(key))
    return found


async def test_a_person_is_forgotten_everywhere(story: Story, config: Config) -> None:
    team, examples = story.bot.team, Examples(story.redis)
    ts = await story.write(SECRET)
    await story.shows(ts, "moneybag", BILLING)
    await story.people.react("U0AVA", SUPPORT, ts, "white_check_mark")

    async def taught() -> list[object]:
        return [one async for one in examples.iterate(team)]

    [example] = await eventually(taught)
    series, shadows = story.bot.parts.series, story.bot.parts.shadows
    assert [one.id for one in await series.answers()] == [f"{SUPPORT}:{ts}"]
    model = await add_recipe(story.redis, team, config, 5.0)
    said = ShadowAnswer(label="BILLING", given=True, champion="BILLING")
    for message in (f"{SUPPORT}:{ts}", "C:other"):
        await shadows.put(model.id, message, said)
    snapshots = Snapshots(story.redis)
    snapshot = freeze([example], LABELS, "1")
    await snapshots.add(team, snapshot)
    other = freeze([example.model_copy(update={"id": "C:other"})], LABELS, "2")
    await snapshots.add(team, other)
    at = MessageId(team=team, channel=SUPPORT, ts="9.9")
    dead = Posted(message=Message(id=at, user="U0CLEO", text=SECRET))
    await story.redis.xadd(keys.dead(team), {"event": dead.model_dump_json(), "reason": "test"})

    counted = await story.command("forget U0CLEO")
    assert "messages with their predictions: 1" in counted
    assert "Nothing was removed" in counted
    assert await holds(story)
    done = await story.command("forget <@U0CLEO|cleo> now")
    assert "examples: 1" in done
    assert f"snapshots they are in: {snapshot.id}" in done

    async def unseen() -> bool:
        return await story.cards(ts) == []

    await eventually(unseen)
    assert await taught() == []
    assert await series.answers() == []
    assert list(await shadows.all(model.id)) == ["C:other"]
    assert await examples.counts(team) == {}
    assert [one async for one in DeadLetters(story.redis).iterate(team)] == []
    left = await snapshots.get(team, snapshot.id)
    assert left is not None
    assert (left.train, left.test, len(left.forgotten)) == ((), (), 1)
    assert await snapshots.get(team, other.id) == other
    assert await holds(story) == [keys.snapshot(team, other.id)]


async def test_somebody_must_be_named(story: Story) -> None:
    assert "Say whom" in await story.command("forget @cleo")
    assert "Say whom" in await story.command("forget")
