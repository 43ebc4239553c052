"""`triage forget` without a running bot: count, remove, and rewrite the data files."""

from pathlib import Path

import pytest

from bot.cli.forget import forget_person
from bot.config.config import Config, ConfigError, Settings, load_config
from storage.examples.examples import Examples, StoredExample
from storage.forget.forgets import Forgets
from storage.messages import Message, MessageId
from storage.records import CardAt, Record, Records, Shown
from storage.server.connection import connect
from storage.server.embedded import EmbeddedValkey
from storage.workspace.workspaces import Workspaces
from tests.words import files_with, keys_with

TEAM = "TSANDBOX1"


@pytest.fixture
def config() -> Config:
    return load_config(Path("triage.toml"))


async def filled(folder: Path) -> None:
    """Store a record and an example of one person."""
    async with connect(None, folder) as redis:
        await Workspaces(redis).add(TEAM)
        at = MessageId(team=TEAM, channel="C", ts="1.0")
        card = CardAt(channel="C0BILLING", ts="2.0")
        record = Record(message=Message(id=at, user="U1", text="my bakery"), shown=Shown(card=card))
        async with Records(redis).held(at) as hold:
            await hold.put(record)
        example = StoredExample(
            id=str(at),
            text="my bakery",
            label="BILLING",
            source="correction",
            label_set="s",
            when="1.0",
            author="U1",
        )
        await Examples(redis).put(TEAM, str(at), example)


async def test_forgotten_texts_leave_the_data_folder(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(triage_data_dir=tmp_path)
    with EmbeddedValkey(tmp_path):
        await filled(tmp_path)
        await forget_person(settings, config, "U1", None, apply=False)
        assert "add --apply" in capsys.readouterr().out
        assert files_with(tmp_path, "my bakery")
        await forget_person(settings, config, "U1", None, apply=True)
        said = capsys.readouterr().out
        assert "Forgot everything that U1 wrote before" in said
        assert "removed: 1 message, 0 cards in Slack, 1 example" in said
        assert "C0BILLING:2.0: SLACK_BOT_TOKEN is not set" in said
        async with connect(None, tmp_path) as redis:
            assert await keys_with(redis, "my bakery") == []
            [request] = await Forgets(redis, TEAM).all()
            assert request.finished is not None
            assert await Forgets(redis, TEAM).running() == {}
        assert files_with(tmp_path, "my bakery") == []
        await forget_person(settings, config, "U1", None, apply=True)  # a second run finds nothing
        assert "removed: 0 messages" in capsys.readouterr().out


async def test_the_same_command_finishes_an_interrupted_forget(
    tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    with EmbeddedValkey(tmp_path):
        await filled(tmp_path)
        async with connect(None, tmp_path) as redis:
            await Forgets(redis, TEAM).begin("U1", "command line", 1)
        settings = Settings(triage_data_dir=tmp_path)
        await forget_person(settings, config, "U1", None, apply=True)
        assert "removed: 1 message" in capsys.readouterr().out


async def test_a_person_must_be_named_by_member_id(tmp_path: Path, config: Config) -> None:
    for name in ("", "@cleo", "cleo"):
        with pytest.raises(ConfigError, match="USER"):
            await forget_person(Settings(triage_data_dir=tmp_path), config, name, None, apply=True)
