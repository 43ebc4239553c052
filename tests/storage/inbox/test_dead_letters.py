"""Dead letters are kept as long as messages."""

from storage import keys
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.events import Posted
from storage.messages import Message, MessageId
from tests.valkeys import Valkey

DAY_S = 24 * 3600


async def buried(redis: Valkey, days_ago: float, ts: str) -> None:
    """Store a dead letter of an age."""
    now, _ = await redis.time()
    at = MessageId(team="T", channel="C", ts=ts)
    event = Posted(message=Message(id=at, user="U1", text="bakery"))
    await redis.xadd(
        keys.dead("T"),
        {"event": event.model_dump_json(), "reason": "test"},
        id=f"{int((now - days_ago * DAY_S) * 1000)}-0",
    )


async def test_what_is_older_than_is_kept_goes_and_is_counted(redis: Valkey) -> None:
    letters = DeadLetters(redis)
    assert await letters.trim("T", DAY_S) == 0
    assert await letters.outlived("T") == 0
    for number, days in enumerate((400, 91, 89, 0.5)):
        await buried(redis, days, f"{number + 1}.0")
    assert await letters.trim("T", 90 * DAY_S) == 2
    assert [str(one.event.item) async for one in letters.iterate("T") if one.event] == [
        "C:3.0",
        "C:4.0",
    ]
    assert await letters.trim("T", DAY_S) == 1
    assert await letters.outlived("T") == 3
