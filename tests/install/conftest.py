"""The wheel that `make test-install` installed, and a bot that runs from it."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.install.installed import Installed
from tests.sandbox.running import Control, eventually

SUPPORT, ADMIN = "C0SUPPORT", "U0ADA"


@dataclass(frozen=True)
class Office:
    """A folder with `.env` and triage.toml where the installed bot runs, and its Slack."""

    installed: Installed
    folder: Path
    people: Control

    async def command(self, words: str) -> str:
        """Return the answer to `/triage words`."""
        before = len(await self.people.ephemerals(ADMIN))
        await self.people.slash(ADMIN, SUPPORT, "/triage", words)

        async def answer() -> str | None:
            found = await self.people.ephemerals(ADMIN)
            return str(found[-1]["text"]) if len(found) > before else None

        return str(await eventually(answer, 300))

    async def labelled(self, text: str, emoji: str, card: str) -> str:
        """Write a message, wait for its emoji and its card, and return its ts."""
        ts = await self.people.post("U0CLEO", SUPPORT, text)

        async def seen() -> bool:
            reactions = await self.people.reactions(SUPPORT, ts)
            cards = [
                one.get("metadata", {}).get("event_payload", {}).get("message")
                for one in await self.people.messages(card)
            ]
            return list(reactions) == [emoji] and f"{SUPPORT}:{ts}" in cards

        await eventually(seen, 120)
        return ts


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    named = os.environ.get("TRIAGE_INSTALLED")
    if named is None:
        pytest.skip("TRIAGE_INSTALLED is not set: `make test-install` installs the wheel")
    return Installed(Path(named), tmp_path_factory.mktemp("home"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(
    installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    """Yield a bot over Socket Mode, which the tests of a module share."""
    folder = tmp_path_factory.mktemp("office")
    async with installed.sandbox(folder) as (url, people):
        await prepare(installed, folder, url, "SLACK_APP_TOKEN=xapp-sandbox")
        async with installed.running(folder):

            async def connected() -> bool:
                return bool((await people.state())["connected"])

            await eventually(connected, 180)
            yield Office(installed, folder, people)


async def prepare(installed: Installed, folder: Path, url: str, receiving: str) -> None:
    """Write triage.toml and `.env` as docs/install.md says."""
    await installed.run(folder, "config", "init")
    (folder / ".env").write_text(
        f"SLACK_BOT_TOKEN=xoxb-sandbox\n{receiving}\nSLACK_API_URL={url}/api/\n"
        f"TRIAGE_DATA_DIR={folder / 'data'}\n"
    )
