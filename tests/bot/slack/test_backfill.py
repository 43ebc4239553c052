"""Backfill finds missed messages, emoji and deletions in Slack's history, once each."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.config.config import PacingConfig, load_config
from bot.slack import backfill as backfill_module
from bot.slack import backfill_schedule
from bot.slack.backfill import Backfill, missed
from bot.slack.backfill_schedule import BackfillTurns
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.errors import GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.intake import parse
from bot.slack.message_kinds import SUBTYPES
from bot.slack.pacing import Pacing
from bot.slack.people import People
from sandbox.workspace import acts
from storage.examples.examples import Reaction
from storage.inbox.events import Deleted, Event, Posted, Reacted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.server.limiter import Limiter
from storage.server.protocol import Client
from storage.stores import Stores
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import BOT, SUPPORT, TEAM


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        running.state.on_event.clear()  # nobody listens
        yield running


@pytest.fixture
def backfill(sandbox: RunningSandbox, redis: Client) -> Backfill:
    config = load_config(Path("triage.toml"))
    client = web_client(sandbox.bot_token, sandbox.api_url)
    gateway = Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig(factor=0)))
    stores = Stores(redis, TEAM)
    people = People(config.triage, Directory(client, config), stores.members)
    return Backfill(config, stores, people, gateway)


def write(sandbox: RunningSandbox, text: str) -> str:
    return str(acts.person_post(sandbox.state, "U0CLEO", SUPPORT, {"text": text})["ts"])


async def received(redis: Client) -> list[Event]:
    taken = await Inbox(redis).take(TEAM, 100, 100)
    return [entry.event for entry in taken.entries]


async def test_a_new_installation_ignores_older_messages(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    write(sandbox, "long ago")
    assert await backfill.run() == 0
    assert await received(redis) == []


async def test_a_message_after_the_newest_known_one_is_found_once(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    known, lost = write(sandbox, "known"), write(sandbox, "lost")
    at = MessageId(team=TEAM, channel=SUPPORT, ts=known)
    await backfill.stores.inbox.receive(Posted(message=Message(id=at, user="U0CLEO", text="known")))
    assert await backfill.run() == 1
    assert await backfill.run() == 0
    assert [event.item.ts for event in await received(redis)] == [known, lost]


MARKS: tuple[dict[str, Any], ...] = (
    {"subtype": "bot_message", "user": None},
    {"subtype": "bot_message", "user": None, "bot_id": "B1"},
    {"user": None, "bot_profile": {"id": "B9", "app_id": "A1"}},
    {"app_id": "A9"},
    {"user": BOT},
    {"user": "USLACKBOT"},
    {"user": "USLACKBOT", "files": [{"filetype": "email", "plain_text": "help"}]},
    *({"subtype": name} for name in SUBTYPES if name not in {"message_changed", "message_deleted"}),
)


async def test_history_and_events_find_the_same_requests(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    triage = backfill.config.triage.model_copy(update={"allowed_bots": frozenset({"B1", "A1"})})
    config = backfill.config.model_copy(update={"triage": triage})
    reading = replace(backfill, config=config, own=frozenset({BOT}))
    await reading.run()
    live = []
    for marks in MARKS:
        message = {"user": "U0CLEO", "text": "help", **marks}
        kept = acts.post(sandbox.state, SUPPORT, {k: v for k, v in message.items() if v})
        body = {"team_id": TEAM, "event": {**kept, "channel": SUPPORT}}
        event = parse(body, triage.allowed_bots, reading.own)
        live += [] if event is None else [event.item.ts]
    assert len(live) == 7
    assert await reading.run() == len(live)
    assert sorted(event.item.ts for event in await received(redis)) == live


async def test_missed_messages_are_found_even_if_none_is_known(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    await backfill.run()
    lost = write(sandbox, "lost")
    assert await backfill.run() == 1
    assert [event.item.ts for event in await received(redis)] == [lost]


async def test_an_edit_and_agents_emoji_are_found_and_others_are_not(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    await backfill.run()
    ts = write(sandbox, "first")
    acts.edit(sandbox.state, SUPPORT, ts, {"text": "second"}, "U0CLEO")
    for user, emoji in (("U0AVA", "wrench"), ("U0CARL", "moneybag"), ("U0AVA", "eyes")):
        acts.react(sandbox.state, user, SUPPORT, ts, emoji)
    assert await backfill.run() == 2
    posted, reacted = await received(redis)
    assert isinstance(posted, Posted)
    assert posted.message.text == "second"
    assert isinstance(reacted, Reacted)
    assert (reacted.user, reacted.emoji, reacted.added) == ("U0AVA", "wrench", True)


def reaction(user: str, emoji: str, at: str, *, added: bool = True) -> Reaction:
    return Reaction(at=at, user=user, emoji=emoji, added=added, label=emoji, item="C:1.0")


def test_missed_emoji_come_just_after_the_last_known_one() -> None:
    item = MessageId(team="T", channel="C", ts="1.0")
    known = [reaction("U1", "a", "5.0"), reaction("U2", "b", "9.0")]
    assert missed(item, [("U1", "a"), ("U2", "b")], known) == []
    found = missed(item, [("U2", "b"), ("U3", "c")], known)
    assert [(event.user, event.emoji, event.added, event.at) for event in found] == [
        ("U1", "a", False, "9.000001"),
        ("U3", "c", True, "9.000002"),
    ]


async def test_an_emoji_that_arrives_during_the_read_is_not_a_missed_removal(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backfill.run()
    ts = write(sandbox, "first")
    read = backfill.gateway.history
    put_on: list[str] = []

    async def history(channel: str, *given: str, urgent: bool = True) -> tuple[list[Any], str]:
        page = await read(channel, *given, urgent=urgent)
        if channel == SUPPORT and not put_on:  # it is added, and its event arrives, after the page
            acts.react(sandbox.state, "U0AVA", SUPPORT, ts, "wrench")
            at = MessageId(team=TEAM, channel=SUPPORT, ts=ts)
            heard = reaction("U0AVA", "wrench", f"{float(ts) + 1:.6f}")
            await backfill.stores.examples.add_reaction(
                at, heard.model_copy(update={"item": str(at)})
            )
            put_on.append(ts)
        return page

    monkeypatch.setattr(backfill.gateway, "history", history)
    assert await backfill.run() == 1
    assert [type(event) for event in await received(redis)] == [Posted]


async def test_a_malformed_message_in_the_history_is_skipped(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    await backfill.run()
    half, odd, last = (write(sandbox, text) for text in ("charged twice \ud83d", "odd", "last"))
    sandbox.state.messages[SUPPORT][odd] |= {"user": 3, "reactions": [{"name": None}]}
    assert await backfill.run() == 2
    first, second = await received(redis)
    assert isinstance(first, Posted)
    assert (first.item.ts, first.message.text) == (half, "charged twice \ufffd")
    assert second.item.ts == last


def turns(backfill: Backfill) -> BackfillTurns:
    return BackfillTurns(backfill, backfill.stores.inbox, backfill.stores.watermarks)


async def test_each_request_gets_a_backfill_that_began_after_it(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    schedule = turns(backfill)
    for _ in range(3):  # within five seconds of each other
        schedule.want()
        await schedule.step()
        write(sandbox, "lost")
    schedule.want()
    await schedule.step()
    assert len(await received(redis)) == 3


async def test_a_request_is_kept_while_another_process_runs_a_backfill(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_schedule, "_WAIT_S", 0.01)
    schedule = turns(backfill)
    await backfill.run()
    write(sandbox, "lost")
    async with backfill.stores.watermarks.claimed() as claimed:
        assert claimed
        schedule.want()
        await schedule.step()
        assert await received(redis) == []
    await schedule.step()
    assert len(await received(redis)) == 1


async def test_a_backfill_runs_at_regular_intervals(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_schedule, "_WAIT_S", 0.01)
    schedule = turns(backfill)
    await schedule.step()
    write(sandbox, "lost")
    await schedule.step()
    assert await received(redis) == []
    await backfill.stores.watermarks.record_backfill(
        await backfill.stores.inbox.now() - backfill_schedule.EVERY_S
    )
    await schedule.step()
    assert len(await received(redis)) == 1


async def test_a_message_that_arrives_after_a_gap_does_not_hide_it(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backfill.run()
    monkeypatch.setattr(backfill_module, "_LOOK_BACK_S", 0.0)
    lost, later = write(sandbox, "lost"), write(sandbox, "later")
    at = MessageId(team=TEAM, channel=SUPPORT, ts=later)
    await backfill.stores.inbox.receive(Posted(message=Message(id=at, user="U0CLEO", text="later")))
    assert await backfill.run() == 1
    assert {event.item.ts for event in await received(redis)} == {lost, later}


async def test_a_missed_deletion_is_found_once(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    await backfill.run()
    kept, gone = write(sandbox, "kept"), write(sandbox, "gone")
    assert await backfill.run() == 2
    acts.delete(sandbox.state, SUPPORT, gone)
    assert await backfill.run() == 1
    assert await backfill.run() == 0
    *posts, deleted = await received(redis)
    assert [event.item.ts for event in posts] == [kept, gone]
    assert isinstance(deleted, Deleted)
    assert deleted.item == MessageId(team=TEAM, channel=SUPPORT, ts=gone)


async def test_a_channel_that_fails_does_not_block_others_and_is_read_again(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backfill.run()
    requested_at = await backfill.stores.inbox.now()
    write(sandbox, "lost")
    mode, broken = backfill.people.directory.mode, ["C0BILLING"]
    read: list[str] = []

    async def failing(channel: str) -> Any:
        read.append(channel)
        if channel in broken:
            raise ValueError(channel)
        return await mode(channel)

    monkeypatch.setattr(backfill.people.directory, "mode", failing)
    with pytest.raises(ExceptionGroup):
        await backfill.run(requested_at=requested_at)
    assert len(await received(redis)) == 1
    assert len(read) > 1
    assert (await backfill.stores.watermarks.read()).backfilled < requested_at
    broken.clear()
    read.clear()
    await backfill.run(requested_at=requested_at)
    assert read == ["C0BILLING"]
    assert (await backfill.stores.watermarks.read()).backfilled > requested_at


async def test_a_channel_that_keeps_failing_does_not_block_others(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_module, "_TRIES", 1)
    await backfill.run()
    joined, history, looks = await backfill.people.directory.joined(), backfill.gateway.history, []

    async def failing(channel: str, *given: Any, **named: Any) -> Any:
        looks.append(channel)
        if channel == joined[0]:
            raise GatewayUnavailableError(
                "conversations.history: Slack answered 500", answered=True
            )
        return await history(channel, *given, **named)

    monkeypatch.setattr(backfill.gateway, "history", failing)
    turns = BackfillTurns(backfill, backfill.stores.inbox, backfill.stores.watermarks)
    for _ in range(2):
        turns.want()
        with pytest.raises(ExceptionGroup) as raised:
            await turns.step()
        assert raised.group_contains(GatewayUnavailableError)
        assert set(looks) == set(joined)
        looks.clear()
    monkeypatch.setattr(backfill_schedule, "_WAIT_S", 0.01)
    with pytest.raises(ExceptionGroup):
        await turns.step()
    assert looks == joined[:1]  # the others were just read,
    monkeypatch.setattr(backfill_schedule, "EVERY_S", 0.0)
    with pytest.raises(ExceptionGroup):
        await turns.step()
    assert looks[1:] == joined  # and are read again later


async def test_a_refused_page_is_retried(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client
) -> None:
    await backfill.run()
    write(sandbox, "lost")
    await sandbox.control.faults("conversations.history", 429, 1, retry_after=1)
    before = len(await sandbox.control.calls("conversations.history"))
    assert await backfill.run() == 1
    calls = await sandbox.control.calls("conversations.history")
    channels = len(await backfill.people.directory.joined())
    assert len(calls) - before == channels + 1


async def test_messages_before_the_bot_rejoined_a_channel_are_ignored(
    backfill: Backfill, sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_module, "_SKEW_S", 0.0)
    await backfill.run()
    members = sandbox.state.channels[SUPPORT]["members"]
    members.remove(BOT)
    write(sandbox, "not for the bot")
    await backfill.run()
    members.append(BOT)
    mine = write(sandbox, "for the bot")
    assert await backfill.run() == 1
    assert [event.item.ts for event in await received(redis)] == [mine]


def test_a_missed_emoji_applies_to_the_current_text() -> None:
    item = MessageId(team=TEAM, channel=SUPPORT, ts="100.0")
    [found] = missed(item, [("U0AVA", "wrench")], [], edited=120.0)
    assert float(found.at) > 120.0
    [found] = missed(item, [("U0AVA", "wrench")], [])
    assert 100.0 < float(found.at) < 101.0
