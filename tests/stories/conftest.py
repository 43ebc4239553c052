"""A real bot on a real Valkey in the sandbox; only the wire to Slack is made up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app.bot import Bot, open_bot
from bot.app.health import Health
from bot.app.socket_mode import serve_socket_mode
from bot.config.config import Config, Settings, load_config
from sandbox.config import SandboxConfig
from storage.inbox.inbox import Inbox
from tests.sandbox.running import Control, RunningSandbox, eventually, running_sandbox
from tests.valkeys import Valkey

SUPPORT, BILLING, TECHNICAL, ACCOUNT = "C0SUPPORT", "C0BILLING", "C0TECHNICAL", "C0ACCOUNT"
OTHER, HUMAN = "C0OTHER", "C0HUMAN"
BOT = "UBOT00001"
TEAM = "TSANDBOX1"


@dataclass(frozen=True)
class Story:
    """The bot in its sandbox, and how its messages are looked at."""

    bot: Bot
    sandbox: RunningSandbox
    redis: Valkey
    health: Health

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.redis)

    @property
    def people(self) -> Control:
        return self.sandbox.control

    async def write(self, text: str, channel: str = SUPPORT) -> str:
        return await self.people.post("U0CLEO", channel, text)

    async def emoji(self, ts: str, channel: str = SUPPORT) -> set[str]:
        reactions = await self.people.reactions(channel, ts)
        return {name for name, users in reactions.items() if BOT in users}

    async def cards(self, ts: str, channel: str = SUPPORT) -> list[tuple[str, dict[str, Any]]]:
        """(channel, message) of every card about a message."""
        about = f"{channel}:{ts}"
        return [
            (place, one)
            for place, messages in (await self.people.state())["messages"].items()
            for one in messages
            if one.get("metadata", {}).get("event_payload", {}).get("message") == about
        ]

    async def shows(self, ts: str, emoji: str | None, card: str | None) -> None:
        """Wait until a message has just this emoji of the bot and just this card."""

        async def seen() -> bool:
            places = [place for place, _ in await self.cards(ts)]
            wanted = ({emoji} if emoji else set(), [card] if card else [])
            return (await self.emoji(ts), places) == wanted

        await eventually(seen, 25)

    async def quiet(self) -> None:
        """Wait until every event was delivered, and everything received is answered."""

        async def seen() -> bool:
            arrived = all(one["acked"] for one in await self.people.deliveries())
            return arrived and await self.inbox.depth(TEAM) == 0

        await eventually(seen, 25)

    async def command(self, text: str, user: str = "U0ADA", seconds: float = 10) -> str:
        before = len(await self.people.ephemerals(user))
        await self.people.slash(user, SUPPORT, "/triage", text)

        async def answer() -> str | None:
            found = await self.people.ephemerals(user)
            return str(found[-1]["text"]) if len(found) > before else None

        return str(await eventually(answer, seconds))


def settings_of(sandbox: RunningSandbox, redis_url: str, **more: Any) -> Settings:
    given: dict[str, Any] = {
        "slack_bot_token": SecretStr(sandbox.bot_token),
        "slack_app_token": SecretStr(sandbox.app_token),
        "slack_api_url": sandbox.api_url,
        "redis_url": redis_url,
    }
    return Settings(**(given | more))


@pytest.fixture
def config() -> Config:
    return load_config(Path("triage.toml"))


@pytest.fixture
async def story(redis: Valkey, valkey_url: str, config: Config) -> AsyncIterator[Story]:
    async with telling(redis, valkey_url, config) as told:
        yield told


@asynccontextmanager
async def telling(
    redis: Valkey, valkey_url: str, config: Config, **more: Any
) -> AsyncIterator[Story]:
    async with (
        running_sandbox(SandboxConfig(retry_scale=0.01)) as sandbox,
        telling_in(sandbox, redis, valkey_url, config, **more) as told,
    ):
        yield told


@asynccontextmanager
async def telling_in(
    sandbox: RunningSandbox, redis: Valkey, valkey_url: str, config: Config, **more: Any
) -> AsyncIterator[Story]:
    settings = settings_of(sandbox, valkey_url, **more)
    async with open_bot(settings, config) as bot:
        health = Health(bot)
        serving = asyncio.create_task(serve_socket_mode(settings, health))
        await eventually(lambda: sandbox.server.sandbox.sockets.connections)
        try:
            yield Story(bot, sandbox, redis, health)
        finally:
            health.stop.set()
            await serving
