"""Values read from the storage are freed: pydantic's cache of strings does not keep them."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from bot.bulk.choose import Taught
from classifiers.base import Example
from storage.examples.examples import _HISTORY, Correction, StoredExample
from storage.inbox.events import EVENT, Posted
from storage.messages import Frozen, Message, MessageId
from storage.records import Record

ROWS = 1_000


def message(number: int) -> Message:
    at = MessageId(team="T", channel="C", ts=f"{number}.000100")
    return Message(id=at, user=f"U{number}", text=f"the printer {number} burns")


def example(number: int) -> StoredExample:
    return StoredExample(
        id=f"C:{number}.0",
        text=f"the scanner {number} burns",
        label="BILLING",
        source="import",
        label_set="s",
        when=f"{number}.0",
    )


def correction(number: int) -> Correction:
    return Correction(who=f"V{number}", when=f"{number}.1", before="A", after=f"B{number}")


KINDS: dict[str, tuple[Callable[[int], str], Callable[[str], object]]] = {
    "record": (lambda n: Record(message=message(n)).model_dump_json(), Record.model_validate_json),
    "event": (lambda n: Posted(message=message(-n)).model_dump_json(), EVENT.validate_json),
    "example": (lambda n: example(n).model_dump_json(), StoredExample.model_validate_json),
    "history": (lambda n: f"[{correction(n).model_dump_json()}]", _HISTORY.validate_json),
    "taught": (
        lambda n: Taught(source="x", examples=(Example(f"t{n}", f"w{n}", "A"),)).model_dump_json(),
        Taught.model_validate_json,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_were_read_leave_nothing_behind(kind: str) -> None:
    write, read = KINDS[kind]
    rows = [write(number) for number in range(ROWS)]
    read(write(ROWS))
    gc.collect()
    tracemalloc.start()
    try:
        for one in rows:
            read(one)
        gc.collect()
        left = len(tracemalloc.take_snapshot().traces)
    finally:
        tracemalloc.stop()
    assert left < ROWS / 10


def test_every_stored_model_caches_the_names_of_fields_alone() -> None:
    def all_of(model: type[Any]) -> set[type[Any]]:
        return {model}.union(*map(all_of, model.__subclasses__()))

    found = {one.__name__: one.model_config.get("cache_strings") for one in all_of(Frozen)}
    assert set(found.values()) == {"keys"}, found
