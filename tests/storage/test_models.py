"""Models: stored once, checked by hash, promoted and rolled back in one step each."""

import asyncio
import base64
import hashlib

import pytest

from storage.models import DEFAULT, Model, ModelError, Models, Promotion
from storage.server.protocol import Client

FILE = b"a recipe"


def model(snapshot: str = "s1", created: str = "1", label_set: str = "v1") -> Model:
    return Model(
        kind="local",
        backend="local",
        label_set=label_set,
        snapshot=snapshot,
        created=created,
        sha256=hashlib.sha256(FILE).hexdigest(),
        metrics={"accuracy": 0.9},
    )


def note(why: str = "better") -> Promotion:
    return Promotion(act="promote", who="U1", when="5", why=why, figures={"gain": 0.03})


async def test_the_same_model_is_stored_once_and_found_by_its_beginning(redis: Client) -> None:
    models = Models(redis)
    assert await models.add("T", model(), FILE)
    assert not await models.add("T", model(created="9"), FILE)
    [only] = await models.all("T")
    assert only == await models.get("T", only.id[:5]) == model()
    assert await models.file("T", only) == FILE
    assert await models.get("T", "") is None
    assert await models.all("T2") == []


async def test_a_file_that_does_not_match_its_hash_is_refused(redis: Client) -> None:
    models = Models(redis)
    with pytest.raises(ModelError, match="damaged"):
        await models.add("T", model(), b"another recipe")
    await models.add("T", model(), FILE)
    damaged = base64.b64encode(b"a Recipe").decode()
    await redis.hset("triage:{T}:model-files", model().id, damaged)
    with pytest.raises(ModelError, match=f"model {model().id}.*Train again"):
        await models.file("T", model())
    await redis.hdel("triage:{T}:model-files", model().id)
    with pytest.raises(ModelError, match="damaged"):
        await models.file("T", model())


async def test_a_model_that_is_not_what_its_id_says_is_not_offered(redis: Client) -> None:
    models = Models(redis)
    await models.add("T", model(), FILE)
    await redis.hset("triage:{T}:models", model().id, model("other").model_dump_json())
    assert await models.all("T") == []


async def test_promotions_and_rollbacks_are_a_stack_with_its_history(redis: Client) -> None:
    models = Models(redis)
    first, second = model("s1", "1"), model("s2", "2")
    for one in (first, second):
        await models.add("T", one, FILE)
    assert await models.champion("T") == DEFAULT
    assert await models.challengers("T", "v1") == [second, first]
    assert await models.challengers("T", "v2") == []
    await models.promote("T", first.id, note(), DEFAULT)
    await models.promote("T", second.id, note(), first.id)
    assert await models.champion("T") == second.id
    assert await models.challengers("T", "v1") == []
    back = Promotion(act="rollback", who="U2", when="6", why="worse in use")
    assert await models.rollback("T", back) == first.id == await models.champion("T")
    assert await models.rollback("T", back) == DEFAULT == await models.champion("T")
    with pytest.raises(ModelError, match="no model was promoted"):
        await models.rollback("T", back)
    history = await models.history("T")
    assert [(one.act, one.before, one.after) for one in history] == [
        ("promote", DEFAULT, first.id),
        ("promote", first.id, second.id),
        ("rollback", second.id, first.id),
        ("rollback", first.id, DEFAULT),
    ]
    assert (history[0].who, history[0].why, history[0].figures) == ("U1", "better", {"gain": 0.03})


async def test_what_cannot_be_promoted_changes_nothing(redis: Client) -> None:
    models = Models(redis)
    await models.add("T", model(), FILE)
    with pytest.raises(ModelError, match="unknown model"):
        await models.promote("T", "ffff", note(), None)
    with pytest.raises(ModelError, match="in use is now"):
        await models.promote("T", model().id, note(), "another")
    assert await models.history("T") == []
    await models.promote("T", model().id, note(), None)
    with pytest.raises(ModelError, match="already"):
        await models.promote("T", model().id, note(), None)


async def test_of_promotions_at_once_against_one_champion_one_wins(redis: Client) -> None:
    models = Models(redis)
    several = [model(f"s{n}") for n in range(8)]
    for one in several:
        await models.add("T", one, FILE)
    tries = await asyncio.gather(
        *(models.promote("T", one.id, note(), DEFAULT) for one in several), return_exceptions=True
    )
    assert sum(one is None for one in tries) == 1
    assert len(await models.history("T")) == 1
