"""Reactions give the same current label in any order and with duplicates."""

from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.message.corrections import fold
from storage.examples.examples import Examples, Reaction
from storage.messages import MessageId
from tests.valkeys import connect_admin


def reaction(at: int, user: str, label: str | None, *, added: bool = True) -> Reaction:
    return Reaction(
        at=str(at), user=user, emoji=label or "ok", added=added, label=label, item="C:1"
    )


def standing(*reactions: Reaction, predicted: str | None = "A") -> str | None:
    found, _ = fold(reactions, predicted)
    return None if found is None else found.label


def test_the_last_label_is_current_and_removal_undoes_it() -> None:
    b, c = reaction(1, "U1", "B"), reaction(2, "U2", "C")
    assert standing(b, c) == "C"
    assert standing(b, c, reaction(3, "U2", "C", added=False)) == "B"
    off = reaction(3, "U2", "C", added=False), reaction(4, "U1", "B", added=False)
    assert standing(b, c, *off) is None


def test_a_confirmation_confirms_the_label_before_it() -> None:
    confirm = reaction(2, "U2", None)
    found, _ = fold([confirm], "A")
    assert found is not None
    assert (found.label, found.source, found.by) == ("A", "confirmation", "U2")
    assert standing(confirm, predicted=None) is None
    assert standing(reaction(1, "U1", "B"), confirm) == "B"


def test_the_history_says_who_when_from_and_to() -> None:
    steps = [
        reaction(1, "U1", "B"),
        reaction(2, "U2", "C"),
        reaction(3, "U2", "C", added=False),
    ]
    _, history = fold(steps, "A")
    assert [(one.who, one.when, one.before, one.after) for one in history] == [
        ("U1", "1", None, "B"),
        ("U2", "2", "B", "C"),
        ("U2", "3", "C", "B"),
    ]


reactions = st.lists(
    st.builds(
        reaction,
        st.integers(1, 30),
        st.sampled_from(["U1", "U2"]),
        st.sampled_from(["A", "B", None]),
        added=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.at,
)


@given(reactions)
def test_duplicates_and_order_of_arrival_change_nothing(events: list[Reaction]) -> None:
    ordered = sorted(events, key=lambda one: float(one.at))
    arrived = {one.model_dump_json(): one for one in [*reversed(events), *events]}
    again = sorted(arrived.values(), key=lambda one: float(one.at))
    assert fold(again, "A") == fold(ordered, "A")
    found, history = fold(ordered, "A")
    assert (history[-1].after if history else None) == (found.label if found else None)


@settings(max_examples=25, deadline=None)
@given(reactions, st.randoms(), st.sampled_from(["A", None]))
async def test_stored_reactions_fold_the_same_in_any_order(
    valkey_url: str, events: list[Reaction], random: Random, predicted: str | None
) -> None:
    item = MessageId(team="T", channel="C", ts="1")
    arrived = [*events, *events]
    random.shuffle(arrived)
    async with connect_admin(valkey_url, Path("/none")) as redis:
        await redis.flushall()
        stored = Examples(redis)
        for one in arrived:
            await stored.add_reaction(item, one)
        found = await stored.reactions([item])
    assert fold(found, predicted) == fold(sorted(events, key=lambda one: float(one.at)), predicted)
