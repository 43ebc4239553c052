"""A data folder that version 0.1 wrote is served: nothing in it is lost, refused or done twice."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config.config import Config, PacingConfig
from sandbox.config import SandboxConfig
from sandbox.wire import Json
from sandbox.workspace import seed
from sandbox.workspace.state import Workspace
from storage.examples.examples import Examples
from storage.examples.label_moves import LabelMoves
from storage.examples.snapshots import Snapshots
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.inbox import Inbox
from storage.jobs import Jobs
from storage.messages import MessageId
from storage.models import Models
from storage.records import Record
from storage.series import Series
from storage.server.embedded import EmbeddedValkey
from storage.shadows import Shadows
from storage.workspace.workspaces import Workspaces
from tests.sandbox.running import eventually, running_sandbox
from tests.stories.conftest import BOT, SUPPORT, TEAM, TECHNICAL, Story, telling_in
from tests.valkeys import Valkey, connect_admin

FIXTURE = Path("tests/fixtures/v0_1")
INVOICE, W9, PARCEL = "1795737357.323796", "1795737358.746865", "1795737360.362337"
WAITING = ("1795100001.000100", "1795100002.000100", "1795100010.000100")


@pytest.fixture
async def stored(tmp_path: Path) -> AsyncIterator[tuple[str, Valkey]]:
    """A server on a copy of the folder: its address, and a client."""
    shutil.copytree(FIXTURE / "appendonlydir", tmp_path / "data" / "appendonlydir")
    with EmbeddedValkey(tmp_path / "data") as server:
        async with connect_admin(server.url, Path("/nonexistent")) as client:
            yield server.url, client


async def records(client: Valkey) -> list[Record]:
    found = [
        Record.model_validate_json(await client.get(key))
        async for key in client.scan_iter(match=f"triage:{{{TEAM}}}:message:*")
    ]
    return sorted(found, key=lambda one: one.message.id.ts)


async def test_messages_and_examples_are_read(stored: tuple[str, Valkey]) -> None:
    _, client = stored
    kept = await records(client)
    assert len(kept) == 11
    assert sum(one.deleted for one in kept) == 1
    assert all(one.prediction for one in kept)
    examples = Examples(client)
    rows = {one.id: one async for one in examples.iterate(TEAM)}
    assert len(rows) == 164
    assert sum((await examples.counts(TEAM)).values()) == 164
    assert rows[f"{SUPPORT}:{W9}"].label == "BILLING"
    assert [one.after for one in await examples.history(TEAM, f"{SUPPORT}:{W9}")] == ["BILLING"]
    moves = LabelMoves(client)
    assert await moves.count_aside(TEAM) == {"SHIPPING": 2}
    assert await examples.present_label(TEAM, "INVOICES", ["BILLING"]) == "BILLING"
    workspaces = Workspaces(client)
    assert await workspaces.all() == [TEAM]
    assert sum((await workspaces.tally(TEAM)).values()) == 11
    assert await workspaces.precision_status(TEAM)
    assert "card:C0BILLING" in await workspaces.problems(TEAM)
    assert await Inbox(client).depth(TEAM) == 6
    [dead] = [one async for one in DeadLetters(client).iterate(TEAM)]
    assert dead.reason == "RuntimeError each time"


async def test_models_and_what_they_were_made_of_are_read(stored: tuple[str, Valkey]) -> None:
    _, client = stored
    models = Models(client)
    kept = {one.backend: one for one in await models.all(TEAM)}
    assert set(kept) == {"local", "openai"}
    assert await models.file(TEAM, kept["local"])
    assert await models.champion(TEAM) in {one.id for one in kept.values()}
    assert [one.act for one in await models.history(TEAM)] == ["force", "rollback", "force"]
    for model in kept.values():
        assert await Shadows(client, TEAM).all(model.id)
    stages = [one.stage.value for one in await Jobs(client).all(TEAM)]
    assert sorted(stages) == ["cancelled", "ready", "ready"]
    snapshots = Snapshots(client)
    sizes = [await snapshots.get(TEAM, identity) for identity in await snapshots.ids(TEAM)]
    assert sorted(len(one.train + one.test) for one in sizes if one is not None) == [132, 133]
    series = Series(client, TEAM)
    assert len(await series.answers()) == 2
    assert "labels" in await series.alarms()


async def slack_keeps(slack: Workspace, examples: Examples, kept: list[Record]) -> None:
    """Put messages, cards and reactions into the sandbox's Slack as the records have them."""
    for record in kept:
        at = record.message.id
        if not record.deleted:
            await _put(slack, examples, at, user=record.message.user, text=record.message.text)
        app = {"user": BOT, "bot_id": seed.BOT_ID, "app_id": seed.APP_ID}
        metadata = {"event_type": "support_triage_card", "event_payload": {"message": str(at)}}
        for card in record.shown.cards:
            where = MessageId(team=TEAM, channel=card.channel, ts=card.ts)
            await _put(slack, examples, where, text="card", metadata=metadata, **app)
    for ts in WAITING:
        waiting = MessageId(team=TEAM, channel=SUPPORT, ts=ts)
        await _put(slack, examples, waiting, user="U0CLEO", text="as Slack has it")
    reactions = slack.messages[SUPPORT][INVOICE]["reactions"]
    reactions.append({"name": "wrench", "users": ["U0AVA"], "count": 1})


async def _put(slack: Workspace, examples: Examples, at: MessageId, **fields: Json | str) -> None:
    left: set[tuple[str, str]] = set()
    for one in await examples.reactions([at]):
        (left.add if one.added else left.discard)((one.emoji, one.user))
    reactions = [{"name": name, "users": [user], "count": 1} for name, user in sorted(left)]
    messages = slack.messages[at.channel]
    messages[at.ts] = {"type": "message", "team": TEAM, "ts": at.ts, "reactions": reactions}
    messages[at.ts] |= fields
    slack.messages[at.channel] = dict(sorted(messages.items()))


@pytest.mark.timeout(150)
async def test_the_bot_goes_on_where_it_was_killed(
    stored: tuple[str, Valkey], config: Config
) -> None:
    url, client = stored
    kept = await records(client)
    unpaced = config.model_copy(update={"pacing": PacingConfig(factor=0)})
    async with running_sandbox(SandboxConfig(retry_scale=0.01)) as sandbox:
        await slack_keeps(sandbox.state, Examples(client), kept)
        async with telling_in(sandbox, client, url, unpaced) as story:
            await _go_on(story)


async def _go_on(story: Story) -> None:
    await story.quiet()
    for ts in WAITING:
        assert len(await story.cards(ts)) == 1
    # Reactions that waited: the newest one by an agent counts.
    await story.shows(INVOICE, "wrench", TECHNICAL)
    # A message that 0.1 answered is corrected by today's emoji.
    await story.people.react("U0AVA", SUPPORT, PARCEL, "speech_balloon")

    async def corrected() -> bool:
        [found] = await Examples(story.redis).get(TEAM, [f"{SUPPORT}:{PARCEL}"])
        return found is not None and found.label == "OTHER"

    await eventually(corrected, 25)
    await _commands(story)


async def _commands(story: Story) -> None:
    for verb, words in (
        ("status", "*Status*"),
        ("accuracy", "*Accuracy*"),
        ("labels", "BILLING"),
        ("models", "now it is ready"),
        ("jobs", "Training local: ready"),
        ("rollback", "the default model"),
        ("forget <@U0CLEO> now", ""),
    ):
        assert words in await story.command(verb, seconds=60), verb

    async def forgotten() -> bool:
        left = {one.id async for one in Examples(story.redis).iterate(TEAM)}
        return f"{SUPPORT}:{W9}" not in left

    await eventually(forgotten, 30)
