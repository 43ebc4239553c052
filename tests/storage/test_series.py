"""Series: answers since the last restart, removal by message, and rows of older versions."""

from storage.series import KEPT, Series, ShownAnswer
from storage.server.protocol import Client


def answer(message: str) -> ShownAnswer:
    return ShownAnswer(
        at=1.0, label="A", classifier="c", ms=1.0, id=message, best="A", confidence=0.5
    )


async def add(series: Series, *messages: str) -> None:
    for one in messages:
        await series.append("answers", answer(one).model_dump_json())


async def ids(series: Series) -> list[str]:
    return [one.id for one in await series.answers()]


async def test_another_model_starts_anew(redis: Client) -> None:
    series = Series(redis, "T")
    await add(series, "C:1", "C:2")
    assert await ids(series) == ["C:1", "C:2"]
    await series.restart()
    assert await ids(series) == []
    await add(series, "C:3")
    assert await ids(series) == ["C:3"]
    await add(series, *(f"C:{number}" for number in range(4, KEPT + 10)))
    assert len(await ids(series)) == KEPT


async def test_a_message_is_forgotten_and_the_others_stay(redis: Client) -> None:
    series, other = Series(redis, "T"), Series(redis, "T2")
    await add(series, "C:1", "C:2", "C:3")
    await add(other, "C:2")
    await series.forget({"C:2", "C:9"})
    assert await ids(series) == ["C:1", "C:3"]
    assert await ids(other) == ["C:2"]


async def test_what_was_kept_before_answers_had_ids_is_read(redis: Client) -> None:
    series = Series(redis, "T")
    await series.append("answers", '{"at":1.0,"label":"A","classifier":"c","ms":1.0}')
    [found] = await series.answers()
    assert (found.id, found.best, found.label) == ("", "", "A")
    await series.forget({"C:1"})
    assert len(await series.answers()) == 1
