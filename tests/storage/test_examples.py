"""Standing examples: history, count and feed move together; nothing changes twice."""

from support_triage.storage.connection import Client
from support_triage.storage.examples import Correction, Examples, Reaction, StoredExample
from support_triage.storage.records import MessageId


def example(identity: str, label: str) -> StoredExample:
    return StoredExample(
        id=identity, text="t", label=label, source="correction", label_set="v", when="1"
    )


async def test_an_example_moves_its_counts_and_tells_the_feed(redis: Client) -> None:
    examples = Examples(redis)
    step = Correction(who="U1", when="1", before=None, after="A")
    assert await examples.stand("T", "C:1", example("C:1", "A"), [step])
    assert not await examples.stand("T", "C:1", example("C:1", "A"), [step])
    assert await examples.counts("T") == {"A": 1}
    assert await examples.history("T", "C:1") == (step,)
    position, changed = await examples.changed_since("T", "0-0")
    assert changed == ["C:1"]
    assert await examples.newest_change("T") == position
    assert await examples.stand("T", "C:1", example("C:1", "B"))
    assert await examples.counts("T") == {"B": 1}
    assert await examples.stand("T", "C:1", None)
    assert await examples.counts("T") == {}
    assert await examples.get("T", ["C:1", "C:2"]) == [None, None]
    assert await examples.changed_since("T", position) != (position, [])


async def test_each_example_is_listed_once(redis: Client) -> None:
    examples = Examples(redis)
    for number in range(300):
        await examples.stand("T", f"C:{number}", example(f"C:{number}", "A"))
    found = [one.id async for one in examples.iterate("T")]
    assert len(found) == len(set(found)) == 300


async def test_reactions_are_a_set_in_the_order_of_their_time(redis: Client) -> None:
    examples = Examples(redis)
    item = MessageId(team="T", channel="C", ts="1")
    late = Reaction(at="2.5", user="U", emoji="b", added=True, label="B", item="C:1")
    early = Reaction(at="1.5", user="U", emoji="a", added=True, label="A", item="C:1")
    for one in (late, early, late):
        await examples.add_reaction(item, one)
    assert await examples.reactions([item]) == [early, late]
