"""`triage doctor` against a running Slack, Valkey and the local model: ok, or what to do."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from support_triage.bot.config import Config, Settings, load_config
from support_triage.bot.doctor import SCOPES, _scopes, examine
from support_triage.storage.connection import Client
from tests.sandbox.running import running_sandbox


@pytest.fixture
def config() -> Config:
    return load_config(Path("triage.toml"))


async def look(settings: Settings, config: Config) -> tuple[int, str]:
    console = Console(record=True, width=200, file=Path("/dev/null").open("w"))  # noqa: SIM115, ASYNC230
    with console.file:
        code = await examine(settings, config, console)
    return code, console.export_text()


async def test_all_is_well_and_then_something_is_to_do(valkey_url: str, config: Config) -> None:
    async with running_sandbox() as sandbox:
        given: dict[str, Any] = {
            "slack_bot_token": SecretStr(sandbox.bot_token),
            "slack_app_token": SecretStr(sandbox.app_token),
            "slack_api_url": sandbox.api_url,
            "redis_url": valkey_url,
        }
        code, said = await look(Settings(**given), config)
        assert (code, "✗" in said) == (0, False), said
        assert "#billing" in said

        triage = config.triage.model_copy(update={"admins": ("@nobody",)})
        channels = dict(config.channels) | {"#elsewhere": config.channels["#support"]}
        wrong = config.model_copy(update={"triage": triage, "channels": channels})
        code, said = await look(Settings(**given), wrong)
        assert code == 1
        assert "no such group" in said
        assert "make the channel, or invite the bot" in said

        code, said = await look(Settings(**given | {"slack_bot_token": SecretStr("xoxb-x")}), wrong)
        assert (code, "SLACK_BOT_TOKEN: copy it again" in said) == (1, True)


async def test_what_cannot_be_reached_is_said(config: Config) -> None:
    settings = Settings(
        slack_bot_token=SecretStr("xoxb-x"),
        slack_api_url="http://127.0.0.1:9/api/",
        redis_url="redis://127.0.0.1:9",
    )
    code, said = await asyncio.wait_for(look(settings, config), 40)
    assert code == 1
    for words in ("can http://127.0.0.1:9/api/ be reached", "start the server", "no way in"):
        assert words in said


def test_scopes_that_a_server_does_not_tell_are_no_fault() -> None:
    assert _scopes(None).advice == ""
    assert _scopes(", ".join(SCOPES)).found == "all"
    assert "missing: chat:write" in _scopes(",".join({*SCOPES} - {"chat:write"})).found


async def test_rights_that_redis_refuses_are_named(
    redis: Client, valkey_url: str, config: Config
) -> None:
    refusals = ["-info", "-memory|usage", "-time"]
    rights = {"categories": ["+@all"], "commands": refusals, "keys": ["*"], "channels": ["*"]}
    await redis.acl_setuser("modest", enabled=True, passwords=["+secret"], **rights)
    url = valkey_url.replace("unix://", "unix://modest:secret@")
    try:
        code, said = await look(Settings(redis_url=url), config)
    finally:
        await redis.acl_deluser("modest")
    assert code == 1
    assert "refused: TIME" in said
    assert "refused: INFO, MEMORY USAGE" in said
    assert "to notice failovers" in said
