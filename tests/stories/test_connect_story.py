"""A channel shared with another company: their people are answered, and never agents."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app.bot import open_bot
from bot.app.health import Health
from bot.app.http import serve_http
from bot.config.config import Config, Mode
from bot.slack.origin import ELSEWHERE
from sandbox.config import SandboxConfig
from sandbox.workspace import partner
from storage.inbox.inbox import Inbox
from storage.messages import MessageId
from storage.records import Records
from tests.sandbox.running import ControlError, eventually, running_sandbox
from tests.stories.conftest import (
    BILLING,
    SUPPORT,
    TEAM,
    TECHNICAL,
    Story,
    settings_of,
    telling,
)
from tests.stories.test_process_story import free_port
from tests.valkeys import Valkey

SHARED, STRANGER = "C0GLOBEX", "U1GINA"
INVOICE = "My invoice shows the wrong amount"
LOADING = "The dashboard is not loading on Chrome"


@pytest.fixture
def config(config: Config) -> Config:
    return config.model_copy(update={"channels": config.channels | {SHARED: Mode.ROUTE}})


@asynccontextmanager
async def over_http(redis: Valkey, valkey_url: str, config: Config) -> AsyncIterator[Story]:
    port = free_port()
    chosen = SandboxConfig(event_url=f"http://127.0.0.1:{port}/slack/events", retry_scale=0.01)
    async with running_sandbox(chosen) as sandbox:
        secret = SecretStr(sandbox.signing_secret)
        settings = settings_of(sandbox, valkey_url, slack_signing_secret=secret)
        async with open_bot(settings, config) as bot:
            health = Health(bot)
            serving = asyncio.create_task(serve_http(settings, port, health))
            try:
                await eventually(lambda: health.connected())  # noqa: PLW0108 - it is replaced
                yield Story(bot, sandbox, redis, health)
            finally:
                health.stop.set()
                await serving


@pytest.fixture(params=[telling, over_http])
async def told(
    request: pytest.FixtureRequest, redis: Valkey, valkey_url: str, config: Config
) -> AsyncIterator[Story]:
    async with request.param(redis, valkey_url, config) as story:
        yield story


async def shows(story: Story, ts: str, emoji: str, card: str) -> None:
    """Wait until a message in the shared channel has just this emoji and just this card."""

    async def seen() -> bool:
        places = [place for place, _ in await story.cards(ts, SHARED)]
        return (await story.emoji(ts, SHARED), places) == ({emoji}, [card])

    await eventually(seen, 25)


async def test_a_stranger_is_answered_edits_and_deletes(told: Story) -> None:
    ts = await told.people.post(STRANGER, SHARED, f"{INVOICE}, mail ana.doe@example.org")
    await shows(told, ts, "moneybag", BILLING)
    [(_, card)] = await told.cards(ts, SHARED)
    assert "gina" in str(card["blocks"])
    await told.people.edit(SHARED, ts, LOADING)
    await shows(told, ts, "wrench", TECHNICAL)
    await told.quiet()

    async def counted() -> bool:  # a backfill may still hand in the edit that is known
        said = await told.command("status")
        return "Requests: 1 " in said and "Waiting: 0, failed: 0" in said

    await eventually(counted)
    await told.people.delete(SHARED, ts)

    async def gone() -> bool:
        return await told.cards(ts, SHARED) == []

    await eventually(gone)
    assert [key async for key in told.redis.scan_iter(f"*{partner.TEAM_ID}*")] == []


async def test_an_agents_emoji_counts_and_a_strangers_does_not(told: Story) -> None:
    ts = await told.people.post(STRANGER, SHARED, f"{INVOICE}, mail ana.doe@example.org")
    await shows(told, ts, "moneybag", BILLING)
    await told.people.react(STRANGER, SHARED, ts, "wrench")
    await told.quiet()
    await shows(told, ts, "moneybag", BILLING)
    assert await told.bot.services.stores.examples.counts(TEAM) == {}
    await told.people.react("U0AVA", SHARED, ts, "wrench")
    await shows(told, ts, "wrench", TECHNICAL)
    [example] = [one async for one in told.bot.services.stores.examples.iterate(TEAM)]
    assert (example.label, example.author) == ("TECHNICAL", STRANGER)
    assert "ana.doe@example.org" not in example.text


@pytest.mark.parametrize("answer", ["", "user_not_found"])
async def test_a_stranger_is_no_agent_and_no_admin_though_triage_toml_lists_them(
    redis: Valkey, valkey_url: str, config: Config, answer: str
) -> None:
    people = {"agents": ("@support-agents", STRANGER), "admins": (STRANGER, "U0ADA")}
    listed = config.model_copy(update={"triage": config.triage.model_copy(update=people)})
    async with telling(redis, valkey_url, listed) as story:
        if answer:
            await story.people.faults("users.info", answer, times=1000)
        ts = await story.people.post(STRANGER, SHARED, INVOICE)
        await shows(story, ts, "moneybag", BILLING)
        await story.people.react(STRANGER, SHARED, ts, "wrench")
        await story.quiet()
        await shows(story, ts, "moneybag", BILLING)
        with pytest.raises(ControlError, match="unknown_command"):
            await story.people.slash(STRANGER, SHARED, "/triage", "status")
        services = story.bot.services
        assert not await services.slack.people.is_admin(STRANGER)
        assert await services.slack.people.admins() == ([] if answer else ["U0ADA"])


async def test_a_person_of_theirs_with_the_id_of_an_agent_is_no_agent(story: Story) -> None:
    ts = await story.people.post(STRANGER, SHARED, INVOICE)
    event = {
        "type": "reaction_added",
        "user": "U0AVA",
        "user_team": partner.TEAM_ID,
        "reaction": "wrench",
        "item": {"type": "message", "channel": SHARED, "ts": ts},
        "event_ts": f"{time.time():.6f}",
    }
    await story.people.act("event", event=event)
    await story.quiet()
    assert await story.bot.services.stores.examples.counts(TEAM) == {}


async def test_a_channel_of_ours_may_be_shared_later(story: Story) -> None:
    with pytest.raises(ControlError, match="not_in_channel"):
        await story.people.post(STRANGER, SUPPORT, INVOICE)
    for host in (TEAM, partner.TEAM_ID):
        await story.people.act("share", channel=SUPPORT, host=host)
        ts = await story.people.post(STRANGER, SUPPORT, INVOICE)
        await story.shows(ts, "moneybag", BILLING)
    await story.people.act("unshare", channel=SUPPORT)
    with pytest.raises(ControlError, match="not_in_channel"):
        await story.people.react(STRANGER, SUPPORT, ts, "wrench")


async def test_what_a_stranger_wrote_while_the_bot_was_away_is_found(
    redis: Valkey, valkey_url: str, config: Config
) -> None:
    async with telling(redis, valkey_url, config) as story:
        backfill = story.bot.backfill.backfill
        await backfill.run()
        story.sandbox.state.on_event.clear()  # nobody listens
        ts = await story.people.post(STRANGER, SHARED, INVOICE)
        await story.people.react(STRANGER, SHARED, ts, "wrench")
        await backfill.run()
        await shows(story, ts, "moneybag", BILLING)


def unserved(team: str | None, ts: str) -> dict[str, Any]:
    """Return an act that delivers a message of a workspace that nobody serves."""
    message = {"type": "message", "channel": SUPPORT, "ts": ts, "user": "U9", "text": INVOICE}
    authorized = [] if team is None else [{"team_id": team}]
    around = {"team_id": "TELSEWHERE", "context_team_id": None, "authorizations": authorized}
    return {"event": message, "envelope": around}


@pytest.mark.parametrize("team", ["TELSEWHERE", None])
async def test_an_event_of_a_workspace_that_nobody_serves_is_refused_and_told(
    told: Story, team: str | None
) -> None:
    slack = told.sandbox.server.sandbox
    slack.sockets._ack_seconds = 1  # noqa: SLF001 - it waits for each of four tries
    slack.delivery._retry_scale = 0.001  # noqa: SLF001
    await told.people.act("event", **unserved(team, "10.5"))

    async def given_up() -> bool:
        return [one["given_up"] for one in await told.people.deliveries()] == [True]

    await eventually(given_up, 25)
    inbox = Inbox(told.redis)
    assert (await inbox.depth("TELSEWHERE"), await inbox.depth(TEAM)) == (0, 0)
    said = await told.command("status")
    assert "workspace TELSEWHERE" in said
    assert "remove the app from it" in said


async def test_an_event_of_a_workspace_that_another_bot_serves_is_left_to_it(story: Story) -> None:
    inbox = Inbox(story.redis)
    await inbox.listen("TELSEWHERE")
    await story.people.act("event", **unserved("TELSEWHERE", "10.5"))
    await story.quiet()
    assert await inbox.depth("TELSEWHERE") == 1
    assert "TELSEWHERE" not in await story.command("status")


async def test_a_me_message_is_answered_and_an_app_without_bot_id_is_not(story: Story) -> None:
    ts = await story.people.post("U0CLEO", SUPPORT, f"says: {INVOICE}", subtype="me_message")
    await story.shows(ts, "moneybag", BILLING)
    silent = [
        await story.people.post("U0CLEO", SUPPORT, INVOICE, **marks)
        for marks in (
            {"subtype": "bot_message", "bot_id": ""},
            {"app_id": "A9"},
            {"bot_profile": {"id": "B9"}},
            {"subtype": "huddle_thread"},
        )
    ]
    await story.quiet()
    for one in silent:
        at = MessageId(team=TEAM, channel=SUPPORT, ts=one)
        assert await Records(story.redis).get(at) is None


async def test_a_command_of_another_workspace_is_refused_though_the_user_is_an_admin_here(
    story: Story,
) -> None:
    command = {
        "team_id": partner.TEAM_ID,
        "user_id": "U0ADA",
        "command": "/triage",
        "text": "status",
        "channel_id": SHARED,
        "trigger_id": "1.2",
        "response_url": f"{story.sandbox.url}/response/none",
    }
    delivery = story.sandbox.server.sandbox.delivery
    assert (await delivery.request("slash_commands", command))["text"] == ELSEWHERE
