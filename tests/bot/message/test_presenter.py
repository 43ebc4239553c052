"""The presenter shows a decision once, changes what is shown, and reports what Slack refuses."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.config.config import PacingConfig, load_config
from bot.message.corrections import Standing
from bot.message.decision import Decision
from bot.message.presenter import Presenter
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.errors import GatewayError
from bot.slack.gateway import Gateway
from bot.slack.pacing import Pacing
from classifiers.base import Prediction
from sandbox.workspace import acts
from storage.messages import Message, MessageId
from storage.records import Record, Records
from storage.server.limiter import Limiter
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import BILLING, SUPPORT, TEAM

SURE = Decision("moneybag", "#billing", "BILLING")
EFFECTS = ("chat.postMessage", "chat.update", "chat.delete", "reactions.add", "reactions.remove")


@dataclass
class Stage:
    """A message in the sandbox, and the presenter that shows decisions on it."""

    sandbox: RunningSandbox
    presenter: Presenter
    records: Records
    record: Record

    async def show(self, decision: Decision, standing: Standing | None = None) -> Record:
        async with self.records.held(self.record.message.id) as hold:
            current = hold.record or self.record
            self.record = await self.presenter.show(hold, current, standing, decision)
        return self.record

    async def effects(self) -> list[str]:
        """The calls that change what people see, without those of the set-up."""
        calls = await self.sandbox.control.calls()
        return [one["method"] for one in calls if one["method"] in EFFECTS]

    async def emoji(self) -> list[str]:
        ts = self.record.message.id.ts
        return sorted(await self.sandbox.control.reactions(SUPPORT, ts))


@pytest.fixture
async def stage(redis: Client) -> AsyncIterator[Stage]:
    config = load_config(Path("triage.toml"))
    async with running_sandbox() as sandbox:
        sandbox.state.on_event.clear()
        client = web_client(sandbox.bot_token, sandbox.api_url)
        gateway = Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig(factor=0)))
        presenter = Presenter(config, gateway, Directory(client, config), Workspaces(redis))
        kept = acts.person_post(sandbox.state, "U0CLEO", SUPPORT, {"text": "Refund me twice"})
        identity = MessageId(team=TEAM, channel=SUPPORT, ts=str(kept["ts"]))
        message = Message(id=identity, user="U0CLEO", text="Refund me twice")
        record = Record(message=message, prediction=Prediction("BILLING", 0.97))
        yield Stage(sandbox, presenter, Records(redis), record)


async def test_a_decision_is_shown_once(stage: Stage) -> None:
    shown = (await stage.show(SURE)).shown
    assert await stage.emoji() == ["moneybag"]
    assert shown.card is not None
    card = await stage.sandbox.control.message(BILLING, shown.card.ts)
    assert "Refund me twice" in str(card["blocks"])
    before = await stage.effects()
    await stage.show(SURE)
    assert await stage.effects() == before


async def test_another_label_moves_the_emoji_and_the_card(stage: Stage) -> None:
    first = (await stage.show(SURE)).shown.card
    second = (await stage.show(Decision("wrench", "#technical", "TECHNICAL"))).shown.card
    assert first is not None
    assert second is not None
    assert await stage.emoji() == ["wrench"]
    assert second.channel != first.channel
    assert first.ts not in [one["ts"] for one in await stage.sandbox.control.messages(BILLING)]


async def test_a_changed_card_is_updated_in_place(stage: Stage) -> None:
    first = (await stage.show(SURE)).shown.card
    confirmed = Standing("BILLING", "confirmation", "U0AVA", "1.0")
    second = (await stage.show(SURE, confirmed)).shown.card
    assert first is not None
    assert second is not None
    assert first.ts == second.ts
    assert "chat.update" in await stage.effects()


async def test_an_empty_decision_takes_everything_down(stage: Stage) -> None:
    card = (await stage.show(SURE)).shown.card
    assert card is not None
    assert (await stage.show(Decision())).shown.card is None
    assert await stage.emoji() == []
    assert card.ts not in [one["ts"] for one in await stage.sandbox.control.messages(BILLING)]


async def test_a_refused_card_leaves_the_emoji_and_is_reported(stage: Stage) -> None:
    await stage.sandbox.control.faults("chat.postMessage", "restricted_action", times=9)
    with pytest.raises(GatewayError, match="restricted_action"):
        await stage.show(SURE)
    assert await stage.emoji() == ["moneybag"]
    problems = await stage.presenter.workspaces.problems(TEAM)
    assert "restricted_action" in problems["card in #billing"]
    await stage.sandbox.control.faults("chat.postMessage", "ok", times=0)


async def test_a_channel_that_the_bot_cannot_see_is_named(stage: Stage) -> None:
    with pytest.raises(GatewayError, match="the bot cannot see channel #nowhere"):
        await stage.show(replace(SURE, channel="#nowhere"))
    assert await stage.emoji() == ["moneybag"]
