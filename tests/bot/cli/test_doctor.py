"""`triage doctor` against a running Slack, Valkey and the local model."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app.services import open_services
from bot.cli.checks.shared_channels import with_whom
from bot.cli.checks.slack import SCOPES, _scopes
from bot.cli.doctor import examine
from bot.cli.terminal import Terminal
from bot.config.config import Config, ConfigError, Settings, load_config
from sandbox.web_api.auth import auth_test
from sandbox.web_api.routes import METHODS
from tests.sandbox.running import running_sandbox
from tests.stories.conftest import settings_of
from tests.valkeys import Valkey


@pytest.fixture
def config() -> Config:
    return load_config(Path("triage.toml"))


async def look(settings: Settings, config: Config) -> tuple[int, str]:
    console = Terminal(record=True, width=200, file=Path("/dev/null").open("w"))  # noqa: SIM115, ASYNC230
    with console.file:
        code = await examine(settings, config, console)
    return code, console.export_text()


async def test_a_good_installation_passes_and_problems_get_advice(
    valkey_url: str, config: Config
) -> None:
    async with running_sandbox() as sandbox:
        settings = settings_of(sandbox, valkey_url)
        code, said = await look(settings, config)
        assert (code, "✗" in said) == (0, False), said
        assert "#billing" in said

        triage = config.triage.model_copy(update={"admins": ("@nobody",)})
        channels = dict(config.channels) | {"#elsewhere": config.channels["#support"]}
        wrong = config.model_copy(update={"triage": triage, "channels": channels})
        code, said = await look(settings, wrong)
        assert code == 1
        assert "Slack has no enabled user group @nobody" in said
        assert "create or unarchive the channel, or invite the bot" in said

        refused = settings_of(sandbox, valkey_url, slack_bot_token=SecretStr("xoxb-x"))
        code, said = await look(refused, wrong)
        assert (code, "SLACK_BOT_TOKEN: auth.test: Slack answered invalid_auth" in said) == (
            1,
            True,
        )


async def test_shared_channels_are_listed_and_cards_there_are_a_problem(
    valkey_url: str, config: Config
) -> None:
    async with running_sandbox() as sandbox:
        settings = settings_of(sandbox, valkey_url)
        code, said = await look(settings, config)
        assert code == 0
        assert "shared with TPARTNER1; people from there are never agents" in said
        assert "#with-globex" in said
        await sandbox.control.act("share", channel="#billing")
        code, said = await look(settings, config)
        assert code == 1
        assert "another company reads the cards there" in said
        await sandbox.control.act("unshare", channel="#billing")
        await sandbox.control.faults("conversations.list", "missing_scope", times=100)
        code, said = await look(settings, config)
        assert code == 1
        assert "shared channels" in said


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({}, ""),
        ({"is_shared": True, "is_org_shared": True, "shared_team_ids": ["T1", "T3"]}, ""),
        ({"is_ext_shared": True, "shared_team_ids": ["T1", "T2"]}, "shared with T2"),
        ({"is_ext_shared": True, "connected_team_ids": ["T1", "T4", "T2"]}, "shared with T2, T4"),
        (
            {
                "is_ext_shared": True,
                "shared_team_ids": ["T1", "T2", "T3"],
                "internal_team_ids": ["T1", "T3"],
            },
            "shared with T2",
        ),
        ({"is_ext_shared": True}, "shared with another company"),
        ({"is_pending_ext_shared": True}, "another company is invited"),
    ],
)
def test_the_companies_that_share_a_channel_are_named(channel: dict[str, Any], said: str) -> None:
    assert with_whom(channel, "T1") == said


async def test_an_installation_for_an_organization_is_refused(
    valkey_url: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lambda call: auth_test(call) | {"is_enterprise_install": True}  # noqa: E731
    monkeypatch.setitem(METHODS, "auth.test", whole)
    async with running_sandbox() as sandbox:
        settings = Settings(
            slack_bot_token=SecretStr(sandbox.bot_token),
            slack_app_token=SecretStr(sandbox.app_token),
            slack_api_url=sandbox.api_url,
            redis_url=valkey_url,
        )
        code, said = await look(settings, config)
        assert code == 1
        assert "whole organization" in said
        with pytest.raises(ConfigError, match="whole organization"):
            async with open_services(settings, config):
                pass


async def test_unreachable_servers_are_named(config: Config) -> None:
    settings = Settings(
        slack_bot_token=SecretStr("xoxb-x"),
        slack_api_url="http://127.0.0.1:9/api/",
        redis_url="redis://127.0.0.1:9",
    )
    code, said = await asyncio.wait_for(look(settings, config), 40)
    assert code == 1
    for words in (
        "can http://127.0.0.1:9/api/ be reached",
        "start the server",
        "cannot receive events",
    ):
        assert words in said


def test_a_server_that_does_not_report_scopes_passes() -> None:
    assert _scopes(None).advice == ""
    assert _scopes(", ".join(SCOPES)).found == "all"
    assert "missing: chat:write" in _scopes(",".join({*SCOPES} - {"chat:write"})).found


async def test_rights_that_redis_refuses_are_named(
    redis: Valkey, valkey_url: str, config: Config
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
    assert "notices failovers" in said
