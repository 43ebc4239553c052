"""`triage dead`: failed events."""

import json

from storage.inbox.events import Posted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.bot.cli.command_line import triage


async def test_failed_events_are_listed_without_text_retried_and_dropped(
    redis: Client, valkey_url: str
) -> None:
    inbox = Inbox(redis)
    await Workspaces(redis).add("T1")
    for ts in ("1.0", "2.0"):
        at = MessageId(team="T1", channel="C1", ts=ts)
        await inbox.receive(Posted(message=Message(id=at, user="U", text="secret")))
    for entry in (await inbox.take("T1", 10, 10)).entries:
        await inbox.give_up(entry, "ValueError each time")
    listed = triage("dead", "list", "--json", REDIS_URL=valkey_url)
    assert "secret" not in listed.stdout
    rows = json.loads(listed.stdout)
    assert [(row["message"], row["reason"]) for row in rows] == [
        ("C1:1.0", "ValueError each time"),
        ("C1:2.0", "ValueError each time"),
    ]
    assert triage("dead", "drop", REDIS_URL=valkey_url).returncode == 2
    again = triage("dead", "retry", rows[0]["id"], REDIS_URL=valkey_url)
    assert "1 of 1" in again.stdout
    assert (await inbox.depth("T1"), await inbox.dead("T1")) == (1, 1)
    dropped = triage("dead", "drop", "--all", REDIS_URL=valkey_url)
    assert "1 of 1" in dropped.stdout
    assert (await inbox.depth("T1"), await inbox.dead("T1")) == (1, 0)
