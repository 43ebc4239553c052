"""What was deleted while the bot was away gets no card, and loses the one it has."""

from bot.app.bot import open_bot
from bot.config.config import Config
from sandbox.config import SandboxConfig
from sandbox.workspace import acts
from storage.inbox.events import Posted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.server.protocol import Client
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import BILLING, SUPPORT, TEAM, Story, settings_of

TEXT = "My invoice shows the wrong amount"


async def cards(sandbox: RunningSandbox) -> list[str]:
    return [one["ts"] for one in await sandbox.control.messages(BILLING)]


async def test_what_waited_and_was_deleted_meanwhile_gets_no_card(
    redis: Client, valkey_url: str, config: Config
) -> None:
    async with running_sandbox(SandboxConfig(retry_scale=0.01)) as sandbox:
        written = {}
        for text in ("gone", "kept"):
            sent = acts.person_post(sandbox.state, "U0CLEO", SUPPORT, {"text": TEXT})
            at = MessageId(team=TEAM, channel=SUPPORT, ts=str(sent["ts"]))
            await Inbox(redis).receive(Posted(message=Message(id=at, user="U0CLEO", text=TEXT)))
            written[text] = at.ts
        acts.delete(sandbox.state, SUPPORT, written["gone"])
        async with open_bot(settings_of(sandbox, valkey_url), config):

            async def answered() -> bool:
                return await Inbox(redis).depth(TEAM) == 0

            await eventually(answered, 20)
        posted = await sandbox.control.calls("chat.postMessage")
        assert len(posted) == len(await cards(sandbox)) == 1
        assert len(await sandbox.control.calls("conversations.history")) < 10


async def test_the_card_of_a_message_that_was_deleted_meanwhile_is_taken_down(
    story: Story,
) -> None:
    ts = await story.write(TEXT)
    await story.shows(ts, "moneybag", BILLING)
    listeners = list(story.sandbox.state.on_event)
    story.sandbox.state.on_event.clear()  # Slack tells nobody
    acts.delete(story.sandbox.state, SUPPORT, ts)
    story.sandbox.state.on_event.extend(listeners)
    assert await cards(story.sandbox)
    story.bot.backfill.want()

    async def gone() -> bool:
        return not await cards(story.sandbox)

    await eventually(gone, 20)
