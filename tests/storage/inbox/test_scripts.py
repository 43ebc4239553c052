"""Redis does not roll scripts back, so each script checks its keys before it writes."""

from collections.abc import Awaitable, Callable

import pytest
from redis.exceptions import ResponseError

from storage import keys
from storage.examples.examples import Examples, StoredExample
from storage.examples.label_moves import LabelMoves
from storage.messages import Message, MessageId
from storage.records import Record, Records
from tests.valkeys import Valkey

AT = MessageId(team="T", channel="C", ts="1.0")


def example(identity: str, label: str = "A") -> StoredExample:
    return StoredExample(
        id=identity, text="hi", label=label, source="import", label_set="s", when="1.0"
    )


async def all_keys(redis: Valkey) -> dict[str, bytes]:
    return {name: await redis.dump(name) for name in await redis.keys("triage:{T}*")}


async def spoilt(redis: Valkey, key: str, step: Callable[[], Awaitable[object]]) -> None:
    """Check that a key of the wrong type ends the step, and nothing is written."""
    kept = await redis.exists(key)
    if kept:
        await redis.rename(key, "kept:{T}")
    await redis.set(key, "spoilt")
    before = await all_keys(redis)
    with pytest.raises(ResponseError):
        await step()
    assert await all_keys(redis) == before
    await redis.delete(key)
    if kept:
        await redis.rename("kept:{T}", key)


async def test_examples_stand_whole_or_not_at_all(redis: Valkey) -> None:
    examples, moves = Examples(redis), LabelMoves(redis)
    await examples.put("T", "C:1.0", example("C:1.0"))
    places = (keys.examples, keys.counts, keys.changes, keys.order)
    for key in (*places, keys.history):
        await spoilt(redis, key("T"), lambda: examples.put("T", "C:2.0", example("C:2.0")))
    for key in (*places, keys.aside):
        await spoilt(redis, key("T"), lambda: moves.move("T", [(example("C:1.0"), None)]))
        await spoilt(redis, key("T"), lambda: moves.bring_back("T", [example("C:3.0")]))


async def test_an_example_of_another_version_can_be_replaced_and_removed(
    redis: Valkey,
) -> None:
    examples = Examples(redis)
    for stored in ("no JSON", '{"label": 7}', "[]"):
        await redis.hset(keys.examples("T"), "C:1.0", stored)
        await redis.hset(keys.counts("T"), "A", "not a number")
        await examples.put("T", "C:1.0", example("C:1.0"))
        assert await examples.counts("T") == {"A": 1}
        await redis.hset(keys.examples("T"), "C:1.0", stored)
        await examples.put("T", "C:1.0", None)
        assert await examples.get("T", ["C:1.0"]) == [None]


async def test_a_record_is_put_whole_or_not_at_all(redis: Valkey) -> None:
    records = Records(redis)
    record = Record(message=Message(id=AT, user="U", text="hi"))
    async with records.held(AT) as hold:
        await spoilt(redis, keys.tally("T"), lambda: hold.put(record, "labelled"))
        await hold.put(record, "labelled")
    await redis.delete(keys.record("T", "C", "1.0"))
    await redis.hset(keys.record("T", "C", "1.0"), "not", "a record")
    with pytest.raises(ResponseError):
        await records.held(AT).__aenter__()
    assert not await redis.exists(keys.lock("T", "C", "1.0"))
