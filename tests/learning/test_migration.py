"""Examples move to a new label set by an explicit mapping, and none is lost."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.base import Label, LabelSet
from learning.errors import DatasetError
from learning.migration import Migration, check, migrate, read_split, unmapped
from storage.examples.examples import Correction, Examples
from storage.examples.label_moves import LabelMoves
from tests.learning.export.exports import example, stood
from tests.valkeys import Valkey, connect_admin

NEW = LabelSet(tuple(map(Label, ("MONEY", "BUG", "LOGIN"))))
STEP = Correction(who="U1", when="1", before=None, after="BILLING")


async def labels_of(examples: Examples) -> Counter[str]:
    found = Counter([one.label async for one in examples.iterate("T")])
    assert await examples.counts("T") == dict(found)
    return found


async def test_labels_are_renamed_merged_split_and_removed(redis: Valkey, tmp_path: Path) -> None:
    old = ["BILLING", "BILLING", "REFUND", "TECHNICAL", "TECHNICAL", "TECHNICAL", "OTHER"]
    examples = await stood(
        redis, [example(f"text {n}", label, number=n) for n, label in enumerate(old)]
    )
    await examples.put("T", "C:0", example("text 0", "BILLING", number=0), [STEP])
    file = tmp_path / "split.csv"
    file.write_text("text,label\nTEXT 3,BUG\ntext 4,LOGIN\n")
    migration = Migration(
        renamed={"BILLING": "MONEY", "REFUND": "MONEY"},
        split={"TECHNICAL": read_split("TECHNICAL", file, NEW)},
        removed=frozenset({"OTHER"}),
    )
    moves = LabelMoves(redis)
    before = await labels_of(examples)
    position = await examples.newest_change("T")
    planned = await migrate(examples, moves, "T", migration, NEW, apply=False)
    assert await labels_of(examples) == before
    done = await migrate(examples, moves, "T", migration, NEW, apply=True)
    assert (done.moves, done.unmatched) == (planned.moves, planned.unmatched)
    assert await labels_of(examples) == {"MONEY": 3, "BUG": 1, "LOGIN": 1, "TECHNICAL": 1}
    assert await moves.count_aside("T") == {"OTHER": 1}
    assert done.unmatched == {"TECHNICAL": 1}
    _, changed = await examples.changed_since("T", position)
    assert sorted(changed or []) == ["C:0", "C:1", "C:2", "C:3", "C:4", "C:6"]
    assert await examples.history("T", "C:0") == (STEP,)
    again = await migrate(examples, moves, "T", migration, NEW, apply=True)
    assert not again.moves
    back = Migration(restored={"OTHER": "BUG"})
    await migrate(examples, moves, "T", back, NEW, apply=True)
    assert (await labels_of(examples))["BUG"] == 2
    assert await moves.count_aside("T") == {}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from("ABCDE"), max_size=20),
    st.dictionaries(st.sampled_from("ABC"), st.sampled_from(["MONEY", "BUG"])),
    st.sets(st.sampled_from("DE")),
)
async def test_no_example_is_lost(
    valkey_url: str, labels: list[str], renamed: dict[str, str], removed: set[str]
) -> None:
    async with connect_admin(valkey_url, Path("/none")) as redis:
        await redis.flushall()
        put = [example(f"text {n}", label, number=n) for n, label in enumerate(labels)]
        examples, moves = await stood(redis, put), LabelMoves(redis)
        migration = Migration(renamed=renamed, removed=frozenset(removed))
        await migrate(examples, moves, "T", migration, NEW, apply=True)
        expected = Counter(renamed.get(one, one) for one in labels if one not in removed)
        assert await labels_of(examples) == expected
        assert await moves.count_aside("T") == Counter(one for one in labels if one in removed)
        await migrate(
            examples, moves, "T", Migration(restored=dict.fromkeys(removed, "BUG")), NEW, apply=True
        )
        assert (await labels_of(examples)).total() == len(labels)


async def test_a_label_changed_meanwhile_is_kept(redis: Valkey) -> None:
    seen = example("text", "BILLING", when="1")
    examples, moves = await stood(redis, [seen]), LabelMoves(redis)
    await examples.put("T", seen.id, example("text", "BUG", when="2"))
    assert await moves.move("T", [(seen, seen.model_copy(update={"label": "MONEY"}))]) == 0
    assert await labels_of(examples) == {"BUG": 1}


async def test_a_former_label_name_is_mapped(redis: Valkey) -> None:
    examples, moves = Examples(redis), LabelMoves(redis)
    await moves.remember("T", {"A": "B", "B": "MONEY", "X": "Y", "Y": "X"})
    assert await examples.present_label("T", "A", NEW.names) == "MONEY"
    assert await examples.present_label("T", "BUG", NEW.names) == "BUG"
    assert await examples.present_label("T", "unknown", NEW.names) == "unknown"
    assert await examples.present_label("T", "X", NEW.names) in {"X", "Y"}


@pytest.mark.parametrize(
    ("migration", "words"),
    [
        (Migration(renamed={"BUG": "MONEY"}), '"BUG" is still in triage.toml'),
        (Migration(removed=frozenset({"BUG"})), '"BUG" is still in triage.toml'),
        (Migration(renamed={"A": "GONE"}), '"GONE" is not in triage.toml'),
        (Migration(renamed={"A": "BUG"}, removed=frozenset({"A"})), '"A" is moved twice'),
    ],
)
def test_an_invalid_mapping_is_refused(migration: Migration, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        check(migration, NEW)


def test_unmapped_labels_are_listed() -> None:
    migration = Migration(renamed={"A": "BUG"})
    assert unmapped({"A": 1, "BUG": 2, "C": 3}, migration, NEW.names) == ["C"]
