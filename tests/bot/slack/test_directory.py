"""The directory: names of triage.toml become Slack's ids, with one call for many questions."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.config.config import Mode, load_config
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.errors import GatewayError, GatewayUnavailableError
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import BILLING, SUPPORT


@dataclass
class Asked:
    """A directory of a sandbox's workspace."""

    sandbox: RunningSandbox
    directory: Directory

    async def calls(self, method: str) -> int:
        return len(await self.sandbox.control.calls(method))


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    config = load_config(Path("triage.toml"))
    config = config.model_copy(
        update={"channels": {"#support": Mode.ROUTE, "#random": Mode.MONITOR}}
    )
    async with running_sandbox() as sandbox:
        client = web_client(sandbox.bot_token, sandbox.api_url)
        yield Asked(sandbox, Directory(client, config))


async def test_channels_are_found_by_name_and_ids_stay(asked: Asked) -> None:
    assert await asked.directory.channel("#billing") == BILLING
    assert await asked.directory.channel(BILLING) == BILLING
    assert await asked.directory.channel(None) is None
    assert await asked.directory.channel("#nowhere") is None


async def test_many_questions_at_once_are_one_call(asked: Asked) -> None:
    found = await asyncio.gather(*(asked.directory.channel("#billing") for _ in range(30)))
    assert set(found) == {BILLING}
    assert await asked.calls("conversations.list") == 1


async def test_a_mode_is_by_channel_and_cards_are_not_triaged(asked: Asked) -> None:
    assert await asked.directory.mode(SUPPORT) is Mode.ROUTE
    assert await asked.directory.mode(BILLING) is None  # cards go there
    assert await asked.directory.mode("C0ELSE") is Mode.SUGGEST


async def test_a_group_is_found_by_its_handle(asked: Asked) -> None:
    groups = {f"@{one['handle']}": one["id"] for one in asked.sandbox.state.usergroups}
    handle, identity = next(iter(groups.items()))
    assert await asked.directory.group(handle) == identity
    assert await asked.directory.group("@nobody") is None
    with pytest.raises(GatewayError, match=r"@nobody.*correct the name in triage\.toml"):
        await asked.directory.members("@nobody")


async def test_an_outage_is_told_apart_from_a_refusal(asked: Asked) -> None:
    await asked.sandbox.control.faults("conversations.list", "missing_scope")
    with pytest.raises(GatewayError, match="missing_scope") as told:
        await asked.directory.joined()
    assert not isinstance(told.value, GatewayUnavailableError)
    await asked.sandbox.control.faults("conversations.list", 500, times=20)
    with pytest.raises(GatewayUnavailableError):
        await asked.directory.joined()


async def test_a_name_falls_back_to_the_id(asked: Asked) -> None:
    assert await asked.directory.user_name("U0CLEO") != "U0CLEO"
    assert await asked.directory.user_name("U0NOBODY") == "U0NOBODY"
