"""A row of another version does not block others, and its content is not logged."""

import json
import time
from pathlib import Path

import pytest

from bot.config.config import load_config
from bot.message.late_cards import LateCards
from storage import keys
from storage.examples.examples import Examples, Reaction, StoredExample
from storage.inbox.watermarks import Watermarks
from storage.jobs import Job, Jobs
from storage.messages import MessageId
from storage.models import Models, Promotion
from storage.records import Records
from storage.series import Series, ShownAnswer
from storage.shadows import ShadowAnswer, Shadows
from storage.workspace.members import Members, Membership
from tests.learning.teaching import add_recipe
from tests.valkeys import Valkey

LATER = json.dumps({"what": "a kumquat of a later version"})


def example(identity: str) -> StoredExample:
    return StoredExample(
        id=identity, text="hi", label="BILLING", source="import", label_set="s", when="1.0"
    )


def job(identity: str) -> Job:
    return Job(
        id=identity,
        team="T",
        backend="local",
        base_model="",
        snapshot="s",
        label_set="s",
        who="U",
        created=1.0,
    )


async def test_rows_beside_it_are_read(redis: Valkey, capfd: pytest.CaptureFixture[str]) -> None:
    examples, jobs, models, series = Examples(redis), Jobs(redis), Models(redis), Series(redis, "T")
    for one in ("C:1.0", "C:2.0"):
        await examples.put("T", one, example(one))
    await redis.hset(keys.examples("T"), "C:1.0", LATER)
    assert [one.id async for one in examples.iterate("T")] == ["C:2.0"]
    assert await examples.get("T", ["C:1.0", "C:2.0"]) == [None, example("C:2.0")]

    await jobs.add(job("a"))
    await redis.hset(keys.jobs("T"), "b", LATER)
    assert [one.id for one in await jobs.all("T")] == ["a"]

    model = await add_recipe(redis, "T", load_config(Path("triage.toml")), 1.0)
    await redis.hset(keys.models("T"), "b", LATER)
    assert [one.id for one in await models.all("T")] == [model.id]
    note = Promotion(act="force", who="U", when="1.0", why="")
    await models.promote("T", model.id, note, None)
    await redis.rpush(keys.promotions("T"), LATER)
    assert [one.after for one in await models.history("T")] == [model.id]

    answer = ShownAnswer(at=time.time(), label="A", classifier="c", ms=1.0, id="C:1.0")
    await series.append("answers", LATER)
    await series.append("answers", answer.model_dump_json())
    assert await series.answers() == [answer]
    await series.forget(["C:1.0"])
    assert await series.answers() == []

    shadows = Shadows(redis, "T")
    shadow = ShadowAnswer(label="A", given=True, champion="A")
    await shadows.put("m", "C:1.0", shadow)
    await redis.hset(keys.shadow("T", "m"), "C:2.0", LATER)
    assert await shadows.all("m") == {"C:1.0": shadow}

    at = MessageId(team="T", channel="C", ts="1.0")
    reaction = Reaction(at="1.0", user="U", emoji="a", added=True, label="A", item=str(at))
    await examples.add_reaction(at, reaction)
    await redis.zadd(keys.reactions("T", "C", "1.0"), {LATER: 0.5})
    assert await examples.reactions([at]) == [reaction]

    out, err = capfd.readouterr()
    assert "storage.unreadable" in out + err
    assert "kumquat" not in out + err


async def test_what_loops_read_is_read_past_it(redis: Valkey) -> None:
    marks = Watermarks(redis, "T")
    await marks.advance("C1", 5.0)
    await redis.hset(keys.watermarks("T"), mapping={"C2": LATER, "C3": "nan"})
    await redis.hset(keys.newest("T"), "C4", LATER)
    assert (await marks.read()).channels == {"C1": 5.0}

    await redis.zadd(keys.late("T"), {"C1:5.0": 1, "a:b:c": 1, "bad": 1})
    assert await Records(redis).late("T", 2.0) == [MessageId(team="T", channel="C1", ts="5.0")]

    examples = Examples(redis)
    await examples.put("T", "C:1.0", example("C:1.0"))
    await redis.xadd(keys.changes("T"), {"of": "a later version"})
    assert (await examples.changed_since("T", "0-0"))[1] == ["C:1.0"]
    await redis.hset(keys.history("T"), "C:1.0", LATER)
    assert await examples.history("T", "C:1.0") == ()

    await redis.hset(keys.job_reports("T"), "a", LATER)
    assert await Jobs(redis).report("T", "a") is None


@pytest.mark.parametrize("stored", [LATER, "{", "null", '"a"', '{"tried": "x"}'])
async def test_a_membership_that_cannot_be_read_is_looked_up_anew(
    redis: Valkey, stored: str
) -> None:
    members, found = Members(redis, "T"), Membership(users=frozenset({"U1"}), at=1, tried=1)
    await redis.hset(keys.members("T"), "@agents", stored)
    assert (await members.read(["@agents"]))[1] == {"@agents": Membership()}
    await members.put("@agents", found)
    assert (await members.read(["@agents"]))[1] == {"@agents": found}


async def test_a_late_card_of_a_record_that_cannot_be_read_is_left_alone(
    redis: Valkey,
) -> None:
    records = Records(redis)

    async def look_again(identity: MessageId) -> None:
        async with records.held(identity):
            raise AssertionError

    await redis.set(keys.record("T", "C1", "5.0"), LATER)
    await redis.zadd(keys.late("T"), {"C1:5.0": 1})
    await LateCards(records, "T", look_again).look()
    assert await records.late("T", 2.0) == []
