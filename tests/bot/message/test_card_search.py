"""The search finds our card even in a busy channel, and accepts no one else's."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.config.config import PacingConfig, load_config
from bot.message import card_search
from bot.message.attempt import Attempt
from bot.message.card_search import adopt, intention, look_for_late, search
from bot.slack import gateway as sending
from bot.slack import pacing
from bot.slack.card import EVENT_TYPE, Author, card_about
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.errors import GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.history import ChannelHistory
from bot.slack.pacing import Pacing
from sandbox.workspace import acts, seed
from storage.messages import Message, MessageId
from storage.records import Hold, Posting, Record, Records, Shown
from storage.server.limiter import Limiter
from storage.server.protocol import Client
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import BILLING, SUPPORT, TEAM

PAGE, PAGES = 5, 12
Step = Callable[[Gateway, Attempt], Awaitable[None]]


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        running.state.on_event.clear()
        yield running


@pytest.fixture
def gateway(sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """Return a gateway that gets one turn at history and is refused the next."""
    limits = pacing._LIMITS | {"conversations.history": (1, 0.05)}  # noqa: SLF001
    monkeypatch.setattr(pacing, "_LIMITS", limits)
    monkeypatch.setattr(sending, "_PATIENCE_S", 0.001)
    monkeypatch.setattr(sending, "_PAGE", PAGE)
    client = web_client(sandbox.bot_token, sandbox.api_url)
    return Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig()))


def post(sandbox: RunningSandbox, about: str | None, **author: str) -> str:
    """Post to #billing as the bot, or as `author`; return the ts."""
    ours = {"user": seed.BOT_USER, "bot_id": seed.BOT_ID, "app_id": seed.APP_ID}
    message: dict[str, Any] = {**(author or ours), "text": "x"}
    if about is not None:
        payload = {"message": about}
        message["metadata"] = {"event_type": EVENT_TYPE, "event_payload": payload}
    return str(acts.post(sandbox.state, BILLING, message)["ts"])


def talk(sandbox: RunningSandbox, messages: int) -> None:
    for _ in range(messages):
        acts.person_post(sandbox.state, "U0ABEL", BILLING, {"text": "talk"})


def sought(sandbox: RunningSandbox) -> Record:
    ts = str(acts.person_post(sandbox.state, "U0CLEO", SUPPORT, {"text": "hello"})["ts"])
    at = MessageId(team=TEAM, channel=SUPPORT, ts=ts)
    message = Message(id=at, user="U0CLEO", text="hello")
    record = Record(message=message)
    return record.model_copy(
        update={"shown": Shown(posting=intention(BILLING, record, time.time()))}
    )


async def tries(step: Step, gateway: Gateway, redis: Client, record: Record) -> tuple[Record, int]:
    """Retry a step with stored state only; return the last record and the number of tries."""
    hold, count = Hold(Records(redis), record.message.id), 0
    while True:
        count += 1
        now = Attempt(hold, Record.model_validate_json(record.model_dump_json()))
        try:
            await step(gateway, now)
        except GatewayUnavailableError as error:
            record = now.record
            await asyncio.sleep(error.after_s or 0)
        else:
            return now.record, count


def pages(sandbox: RunningSandbox) -> int:
    calls = [one for one in sandbox.server.sandbox.calls if one["status"] == 200]
    return sum(one["method"] == "conversations.history" for one in calls)


async def test_a_refused_search_resumes_where_it_stopped(
    sandbox: RunningSandbox, gateway: Gateway, redis: Client
) -> None:
    record = sought(sandbox)
    ts = post(sandbox, str(record.message.id))
    talk(sandbox, PAGE * PAGES)
    found, count = await tries(adopt, gateway, redis, record)
    assert found.shown.card is not None
    assert (found.shown.card.ts, found.shown.posting, found.shown.late) == (ts, None, ())
    assert count > PAGES / 2  # it was refused many times
    assert pages(sandbox) <= PAGES + 1  # and read no page twice
    assert len(record.model_dump_json()) < 1_000


async def test_a_search_starts_at_the_intention(
    sandbox: RunningSandbox, gateway: Gateway, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_search, "_SKEW_S", 0.0)
    record = sought(sandbox)
    talk(sandbox, PAGE * PAGES)
    later = Shown(posting=intention(BILLING, record, time.time()))
    ts = post(sandbox, str(record.message.id))
    found, _ = await tries(adopt, gateway, redis, record.model_copy(update={"shown": later}))
    assert found.shown.card is not None
    assert found.shown.card.ts == ts
    assert pages(sandbox) == 1


async def test_cards_and_emoji_are_recalled_in_a_busy_channel(
    sandbox: RunningSandbox, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.history._PATIENCE_S", 0.001)
    config = load_config(Path("triage.toml"))
    client = web_client(sandbox.bot_token, sandbox.api_url)
    channel_history = ChannelHistory(config, gateway, Directory(client, config))
    at = sought(sandbox).message.id
    ts = post(sandbox, str(at))
    talk(sandbox, PAGE * PAGES)
    while True:
        try:
            found = await channel_history.cards(at, 1.0)
            break
        except GatewayUnavailableError as error:
            await asyncio.sleep(error.after_s or 0)
    assert [one.ts for one in found] == [ts]
    assert pages(sandbox) <= PAGES + 1 + 5  # plus a page of each other channel


async def test_other_authors_messages_are_not_our_cards(
    sandbox: RunningSandbox, gateway: Gateway, redis: Client
) -> None:
    record = sought(sandbox)
    about = str(record.message.id)
    post(sandbox, about, user="U0EVIL", bot_id="B0EVIL", app_id="A0EVIL")
    post(sandbox, about, user="U0CARL")
    found, _ = await tries(adopt, gateway, redis, record)
    assert found.shown.card is None
    assert [one.channel for one in found.shown.late] == [BILLING]


@pytest.mark.parametrize(
    ("author", "ours"),
    [
        ({"user": "UBOT", "bot_id": "BBOT"}, True),
        ({"user": "UBOT"}, True),
        ({"bot_id": "BBOT", "subtype": "bot_message"}, True),
        ({"user": "U0CARL"}, False),
        ({"bot_id": "B0EVIL"}, False),
        ({"username": "triage"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("bot", ["BBOT", ""])
def test_only_the_apps_own_messages_are_cards(
    author: dict[str, str],
    ours: bool,  # noqa: FBT001 - a parameter of the table
    bot: str,
) -> None:
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"message": "C:1.0"}}
    found = card_about({**author, "metadata": metadata}, Author("UBOT", bot))
    by_bot_alone = "user" not in author and not bot
    assert found == ("C:1.0" if ours and not by_bot_alone else None)


async def test_a_card_that_arrives_late_is_marked_stale(
    sandbox: RunningSandbox, gateway: Gateway, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_search, "_LOOKS_S", (0.0, 0.0))
    record, _ = await tries(adopt, gateway, redis, sought(sandbox))
    assert len(record.shown.late) == 1
    record, _ = await tries(look_for_late, gateway, redis, record)
    assert record.shown.stale == ()
    ts = post(sandbox, str(record.message.id))
    record, _ = await tries(look_for_late, gateway, redis, record)
    assert [one.ts for one in record.shown.stale] == [ts]
    assert (record.shown.late, record.shown.card) == ((), None)


def test_an_intention_of_version_0_1_can_be_read() -> None:
    shown = Shown.model_validate_json('{"posting": "C0BILLING"}')
    assert shown.posting == Posting(channel="C0BILLING")


@pytest.mark.parametrize("ahead_s", [3600, -3600])
async def test_a_card_is_found_with_a_wrong_clock(
    sandbox: RunningSandbox, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    record, wrong = sought(sandbox), SimpleNamespace(time=lambda: time.time() + ahead_s)
    monkeypatch.setattr(sending, "time", wrong)
    monkeypatch.setattr(card_search, "time", wrong)
    await gateway.author()  # any answer gives Slack's time
    intended = intention(BILLING, record, gateway.slack_time)
    card = post(sandbox, str(record.message.id))
    assert abs(gateway.slack_time - time.time()) < 5
    assert [one async for one in search(gateway, intended, str(record.message.id))][-1].found == (
        card,
    )
