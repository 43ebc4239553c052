"""Current examples: history, counts and feed change together, and nothing changes twice."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.examples.examples import Correction, Examples, Reaction, StoredExample
from storage.messages import MessageId
from storage.server.connection import connect
from storage.server.protocol import Client


def example(identity: str, label: str) -> StoredExample:
    return StoredExample(
        id=identity, text="t", label=label, source="correction", label_set="v", when="1"
    )


async def test_an_example_moves_its_counts_and_tells_the_feed(redis: Client) -> None:
    examples = Examples(redis)
    step = Correction(who="U1", when="1", before=None, after="A")
    assert await examples.put("T", "C:1", example("C:1", "A"), [step])
    assert not await examples.put("T", "C:1", example("C:1", "A"), [step])
    assert await examples.counts("T") == {"A": 1}
    assert await examples.history("T", "C:1") == (step,)
    position, changed = await examples.changed_since("T", "0-0")
    assert changed == ["C:1"]
    assert await examples.newest_change("T") == position
    assert await examples.put("T", "C:1", example("C:1", "B"))
    assert await examples.counts("T") == {"B": 1}
    assert await examples.put("T", "C:1", None)
    assert await examples.counts("T") == {}
    assert await examples.get("T", ["C:1", "C:2"]) == [None, None]
    assert await examples.changed_since("T", position) != (position, [])


class Listed(RuleBasedStateMachine):
    """A listing in pages, with changes of all kinds between them."""

    def __init__(self) -> None:
        super().__init__()
        self.standing: dict[str, str] = {}
        self.throughout: set[str] = set()
        self.found: list[str] = []
        self.position, self.until = "0", ""
        self.loop = asyncio.new_event_loop()
        self.connection = AsyncExitStack()
        redis = self.run(self.connection.enter_async_context(connect(URL[0], Path("/none"))))
        self.run(redis.flushall())
        self.examples = Examples(redis)

    def run(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    def teardown(self) -> None:
        self.run(self.connection.aclose())
        self.loop.close()

    @rule(number=st.integers(0, 12), label=st.sampled_from(["A", "B", None]))
    def change(self, number: int, label: str | None) -> None:
        identity = f"C:{number}"
        new = None if label is None else example(identity, label)
        assert self.run(self.examples.put("T", identity, new)) == (
            self.standing.get(identity) != label
        )
        if label is None:
            self.standing.pop(identity, None)
            self.throughout.discard(identity)
        else:
            self.standing[identity] = label

    @rule()
    def begin(self) -> None:
        self.until = self.run(self.examples.last("T"))
        self.position, self.found, self.throughout = "0", [], set(self.standing)

    @precondition(lambda self: self.until)
    @rule(count=st.integers(1, 4))
    def list_a_page(self, count: int) -> None:
        self.position, page = self.run(self.examples.page("T", self.position, self.until, count))
        self.found += [one.id for one in page]
        assert len(self.found) == len(set(self.found))
        if not page:
            assert self.throughout <= set(self.found)

    @rule()
    def all_reads_agree(self) -> None:
        counted = Counter(self.standing.values())
        assert self.run(self.examples.counts("T")) == dict(counted)

        async def listed() -> dict[str, str]:
            return {one.id: one.label async for one in self.examples.iterate("T")}

        assert self.run(listed()) == self.standing


URL: list[str] = []


def test_a_listing_under_writes_misses_nothing_and_doubles_nothing(valkey_url: str) -> None:
    URL[:] = [valkey_url]
    run_state_machine_as_test(
        Listed, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )


async def test_a_feed_that_was_trimmed_says_so(redis: Client) -> None:
    examples = Examples(redis)
    await examples.put("T", "C:first", example("C:first", "A"))
    position = await examples.newest_change("T")
    for start in range(0, 11_000, 500):
        numbers = range(start, start + 500)
        await examples.put_all("T", [(f"C:{n}", example(f"C:{n}", "A"), ()) for n in numbers])
    newest, changed = await examples.changed_since("T", position)
    assert changed is None
    assert await examples.changed_since("T", newest) == (newest, [])


async def test_many_move_in_one_step(redis: Client) -> None:
    examples = Examples(redis)
    changes = [(f"C:{n}", example(f"C:{n}", "AB"[n % 2]), ()) for n in range(300)]
    assert await examples.put_all("T", changes) == 300
    assert await examples.put_all("T", changes) == 0
    assert await examples.counts("T") == {"A": 150, "B": 150}
    assert [one.id async for one in examples.iterate("T")] == [f"C:{n}" for n in range(300)]


async def test_reactions_are_a_set_in_the_order_of_their_time(redis: Client) -> None:
    examples = Examples(redis)
    item = MessageId(team="T", channel="C", ts="1")
    late = Reaction(at="2.5", user="U", emoji="b", added=True, label="B", item="C:1")
    early = Reaction(at="1.5", user="U", emoji="a", added=True, label="A", item="C:1")
    for one in (late, early, late):
        await examples.add_reaction(item, one)
    assert await examples.reactions([item]) == [early, late]
