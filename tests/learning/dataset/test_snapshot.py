"""In snapshots, no text changes sides, no near-duplicates face each other, the id is a hash."""

import hashlib
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.dataset import split
from learning.dataset.snapshot import freeze, take_snapshot
from learning.reading.reader import identity
from storage import keys
from storage.examples.examples import Examples, StoredExample
from storage.examples.snapshots import Snapshot, SnapshotError, Snapshots
from storage.server.protocol import Client
from tests.learning.export import exports
from tests.learning.export.exports import LABELS


def example(text: str, label: str = "BILLING", when: str = "1.5") -> StoredExample:
    identity_of = f"{identity(text)}:{label}:{when}"
    return exports.example(text, label, when).model_copy(update={"id": identity_of})


words = st.sampled_from(
    [
        "my",
        "invoice",
        "card",
        "shows",
        "the",
        "wrong",
        "amount",
        "42",
        "twice",
        "app",
        "crashes",
        "login",
    ]
)
sentences = st.lists(words, min_size=1, max_size=7).map(" ".join)
labels = st.sampled_from(LABELS.names)
many = st.lists(
    st.builds(example, sentences | st.text(min_size=1), labels),
    max_size=60,
    unique_by=lambda one: one.id,
)


def sides(snapshot: Snapshot) -> tuple[set[str], set[str]]:
    return (
        {split.key(one.text) for one in snapshot.train},
        {split.key(one.text) for one in snapshot.test},
    )


@settings(max_examples=40, deadline=None)
@given(many, many)
def test_no_text_changes_sides_as_the_data_grows_or_shrinks(
    first: list[StoredExample], more: list[StoredExample]
) -> None:
    together = {one.id: one for one in [*first, *more]}
    before, after = freeze(first, LABELS, "1"), freeze([*together.values()], LABELS, "2")
    other = freeze(more, LABELS, "3")
    for one, two in ((before, after), (after, other), (before, other)):
        assert not sides(one)[0] & sides(two)[1]
        assert not sides(one)[1] & sides(two)[0]
    assert sides(before)[0] <= sides(after)[0]


@settings(max_examples=40, deadline=None)
@given(many)
def test_no_near_duplicates_are_on_both_sides(examples: list[StoredExample]) -> None:
    train, test = sides(freeze(examples, LABELS, "1"))
    trained = [frozenset(one.split()) for one in train]
    for words in (frozenset(one.split()) for one in test):
        for others in trained:
            longer = max(len(words), len(others))
            more, less = len(words - others), len(others - words)
            assert words != others
            assert longer < 5 or max(more, less) > 1


ANY_WORDS = st.sets(st.text("abcdefgh", min_size=1, max_size=4), min_size=24, max_size=40)


@settings(max_examples=60, deadline=None)
@given(ANY_WORDS, st.integers(0, 2))
def test_long_texts_may_differ_by_two_words(words: set[str], off: int) -> None:
    kept = [f"z{n}" for n in range(2 - off)] + sorted(words)[off:]
    assert set(split.marks(" ".join(sorted(words)))) & set(split.marks(" ".join(kept)))


def test_different_texts_are_not_near_duplicates() -> None:
    one = "the invoice of last month shows a wrong amount and my card was charged for it"
    two = "the invoice of last year shows a wrong total and my card was charged for it"
    assert not set(split.marks(one)) & set(split.marks(two))
    assert split.key("Order 123 is LATE!") == split.key("order 9, is late")


@settings(max_examples=40, deadline=None)
@given(many, st.randoms())
def test_the_same_content_has_the_same_id(examples: list[StoredExample], random: Random) -> None:
    mixed = [*examples]
    random.shuffle(mixed)
    assert freeze(mixed, LABELS, "2").id == freeze(examples, LABELS, "1").id


@settings(max_examples=40, deadline=None)
@given(many)
def test_every_example_is_in_one_part_or_counted_as_left_out(examples: list[StoredExample]) -> None:
    found = freeze(examples, LABELS, "1")
    kept = len(found.train) + len(found.test)
    assert kept + sum(count for _, count in found.left_out) == len(examples)


def test_a_text_has_its_newest_label_and_gone_labels_are_left_out() -> None:
    examples = [
        example("Refund me", "ACCOUNT", "1"),
        example("refund  ME", "BILLING", "2"),
        example("hello", "GONE"),
    ]
    found = freeze(examples, LABELS, "9")
    [one] = [*found.train, *found.test]
    assert one.label == "BILLING"
    assert dict(found.left_out) == {"label not in the label set": 1, "same text, older": 1}


async def test_a_snapshot_is_stored_and_read_back(redis: Client) -> None:
    examples, snapshots = Examples(redis), Snapshots(redis)
    for number in range(40):
        one = example(hashlib.sha256(b"%d" % number).hexdigest(), when=str(number))
        await examples.put("T", one.id, one)
    taken = await take_snapshot(examples, "T", LABELS)
    assert taken.train
    assert taken.test
    await snapshots.add("T", taken)
    await snapshots.add("T", replace(taken, created="1"))
    assert await snapshots.get("T", taken.id) == taken
    assert await snapshots.ids("T") == [taken.id]
    assert await snapshots.get("T", "missing") is None
    await redis.hset(keys.snapshot("T", taken.id), "rows:0", "")
    with pytest.raises(SnapshotError, match=taken.id):
        await snapshots.get("T", taken.id)
