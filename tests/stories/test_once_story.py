"""A command is run once, whatever becomes of its answer, its request and its process."""

import json
import time
from typing import Any

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.config.config import Config
from bot.slack import answer_delivery
from bot.slack.gateway import Gateway
from storage import keys
from storage.inbox.commands import Commands
from storage.inbox.events import Asked
from storage.messages import MessageId
from storage.models import Models, Promotion
from tests.learning.teaching import add_recipe, teach
from tests.sandbox.running import eventually
from tests.stories.conftest import SUPPORT, TEAM, Story

ADMIN = "U0ADA"


class KilledError(BaseException):
    """The process ends here."""


async def promoted(story: Story, config: Config, count: int) -> list[str]:
    """Models that were the champion one after the other, the present one last."""
    models, found = Models(story.redis), []
    for number in range(count):
        model = await add_recipe(story.redis, TEAM, config, number + 1.0)
        note = Promotion(act="force", who="test", when=f"{time.time():.3f}", why="")
        await models.promote(TEAM, model.id, note, None)
        found.append(model.id)
    return found


def asked(text: str, trigger: str, url: str = "http://127.0.0.1:9/") -> Asked:
    at = MessageId(team=TEAM, channel="/triage", ts=trigger)
    return Asked(item=at, user=ADMIN, text=text, response_url=url)


async def direct_messages(story: Story) -> list[str]:
    state = await story.people.state()
    return [
        one["text"]
        for place, messages in state["messages"].items()
        if place.startswith("D")
        for one in messages
    ]


async def test_an_answer_that_cannot_be_told_runs_nothing_again(
    story: Story, config: Config
) -> None:
    *_, third, _ = await promoted(story, config, 4)
    story.sandbox.server.sandbox.interactions._url = "http://127.0.0.1:9"  # noqa: SLF001 - nobody
    await story.people.slash(ADMIN, SUPPORT, "/triage", "rollback it drifts")
    found = await eventually(lambda: direct_messages(story), 40)
    assert len(found) == 1
    assert "Back to" in found[0]
    await story.quiet()
    models = Models(story.redis)
    assert await models.champion(TEAM) == third
    assert [one.act for one in await models.history(TEAM)].count("rollback") == 1
    audited = [fields["what"] for _, fields in await story.redis.xrange(keys.audit(TEAM))]
    assert (audited.count("rollback"), audited.count("rolled back")) == (1, 1)


async def test_an_answer_is_told_by_slacks_address_once_it_can_be_reached(story: Story) -> None:
    interactions: Any = story.sandbox.server.sandbox.interactions
    refused = [True]
    respond = interactions.respond

    def away(*given: Any) -> Any:
        if refused:
            refused.pop()
            raise ConnectionError
        return respond(*given)

    interactions.respond = away
    assert "*Status*" in await story.command("status", seconds=20)
    assert len(await story.people.ephemerals(ADMIN)) == 1
    assert await direct_messages(story) == []


async def test_a_signed_command_that_is_replayed_runs_once(story: Story, config: Config) -> None:
    first, *_ = await promoted(story, config, 2)
    payload = {
        "command": "/triage",
        "text": "rollback",
        "team_id": TEAM,
        "user_id": ADMIN,
        "channel_id": SUPPORT,
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "response_url": f"{story.sandbox.url}/nowhere",
    }
    for _ in range(3):
        request = AsyncBoltRequest(body=json.dumps(payload), mode="socket_mode")
        answer = await story.bot.app.async_dispatch(request)
        assert answer.status == 200
    await story.quiet()
    models = Models(story.redis)
    assert await models.champion(TEAM) == first
    assert [one.act for one in await models.history(TEAM)].count("rollback") == 1


@pytest.mark.parametrize("verb", ["rollback", "promote {challenger} --force for the new product"])
async def test_a_verb_that_was_cut_off_before_its_answer_was_stored_acts_once(
    story: Story, config: Config, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    first, second = await promoted(story, config, 2)
    challenger = await add_recipe(story.redis, TEAM, config, 7.0)
    assert story.bot.worker is not None
    dispatcher = story.bot.worker.dispatcher

    async def killed(*_: object) -> None:
        raise KilledError

    event = asked(verb.format(challenger=challenger.id), "trigger.1")
    with monkeypatch.context() as dying:
        dying.setattr(Commands, "store_answer", killed)
        with pytest.raises(KilledError):
            await dispatcher.respond(event)
    monkeypatch.setattr(answer_delivery, "_TRIES", 0)  # so by a direct message at once
    await dispatcher.respond(event)
    models = Models(story.redis)
    history = await models.history(TEAM)
    assert [one.trigger for one in history].count("trigger.1") == 1
    wanted = first if verb == "rollback" else challenger.id
    assert await models.champion(TEAM) == wanted != second
    [said] = await direct_messages(story)
    assert wanted in said
    await dispatcher.respond(event)  # as handed out a second time after all was done
    assert len(await models.history(TEAM)) == len(history)
    assert len(await direct_messages(story)) == 1


@pytest.mark.parametrize("cut", [(Gateway, "share"), (Commands, "store_answer")])
async def test_an_export_that_was_cut_off_arrives_once(
    story: Story, config: Config, monkeypatch: pytest.MonkeyPatch, cut: tuple[type, str]
) -> None:
    await teach(story.redis, TEAM, 20, config.label_set.version)
    assert story.bot.worker is not None
    dispatcher = story.bot.worker.dispatcher

    async def killed(*_: object) -> None:
        raise KilledError

    event = asked("export csv", "trigger.4")
    with monkeypatch.context() as dying:
        dying.setattr(*cut, killed)
        with pytest.raises(KilledError):
            await dispatcher.respond(event)
    monkeypatch.setattr(answer_delivery, "_TRIES", 0)  # so by a direct message at once
    await dispatcher.respond(event)
    state = await story.people.state()
    messages = [one for at, all_of in state["messages"].items() if at[0] == "D" for one in all_of]
    [sent] = [one for one in messages if one.get("files")]
    assert [one["name"] for one in sent["files"]] == ["support-triage-csv.csv"]
    assert len(state["files"]) == 1
    [said] = [one["text"] for one in messages if not one.get("files")]
    assert "Total examples: 20" in said
    assert ("interrupted" in said) == (cut[1] == "store_answer")


async def test_a_training_that_was_begun_is_found_again(
    story: Story, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    await teach(story.redis, TEAM, 60, config.label_set.version)
    assert story.bot.worker is not None
    dispatcher = story.bot.worker.dispatcher
    monkeypatch.setattr(answer_delivery, "_TRIES", 0)
    await dispatcher.respond(asked("train local anyway", "trigger.2"))
    [begun] = await dispatcher.context.bench.trainer.jobs.all(TEAM)
    assert begun.trigger == "trigger.2"
    await story.redis.hdel(keys.command(TEAM, "trigger.2"), "answer")  # as if it was never stored
    await teach(story.redis, TEAM, 70, config.label_set.version)  # another snapshot by now
    await dispatcher.respond(asked("train local anyway", "trigger.2"))
    assert [one.id for one in await dispatcher.context.bench.trainer.jobs.all(TEAM)] == [begun.id]


async def test_a_verb_that_ends_its_process_is_left_in_the_end(story: Story) -> None:
    assert story.bot.worker is not None
    dispatcher = story.bot.worker.dispatcher
    for _ in range(3):
        await dispatcher.context.stores.commands.begin("trigger.3", ADMIN, "status", "")
    said = await dispatcher.answer(ADMIN, "status", "trigger.3")
    assert "interrupted 3 times" in said
    audited = [fields["what"] for _, fields in await story.redis.xrange(keys.audit(TEAM))]
    assert audited == ["status"]
