"""`triage gate` as a user runs it."""

from pathlib import Path

import pytest

from bot.config.config import load_config
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.bot.cli.command_line import invoke
from tests.learning.teaching import add_recipe, teach

CONFIG = load_config(Path("triage.toml"))


@pytest.mark.slow
async def test_the_gate_keeps_an_equal_model(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    await Workspaces(redis).add("T1")
    await teach(redis, "T1", 260, CONFIG.label_set.version)
    nothing = await invoke(valkey_url, "gate")
    assert "no new model" in str(nothing.exception)
    await add_recipe(redis, "T1", CONFIG, 99.0)
    picture = tmp_path / "confusion.png"
    done = await invoke(valkey_url, "gate", "--picture", str(picture))
    assert done.exit_code == 1
    for words in (
        "requests right",
        "model in use     new model",
        "KEEP the model in use",
        "BILLING",
    ):
        assert words in done.stdout
    for words in ("McNemar", "ECE", "interval", "F1"):
        assert words not in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    for verb in ("gate", "promote"):
        told = (await invoke(valkey_url, verb, "--verbose")).stdout
        for words in ("requests right", "exact McNemar p", "calibration error (ECE)", "interval"):
            assert words in told
