"""`triage conflicts` reads examples with the embedder that triage.toml names."""

from pathlib import Path

import pytest

from support_triage.bot.cli_conflicts import conflicts
from support_triage.bot.config import Settings, load_config
from support_triage.classifiers.base import ClassifierSetupError


async def test_the_embedder_of_the_settings_is_taken(tmp_path: Path) -> None:
    config = load_config(Path("triage.toml"))
    local = config.local.model_copy(update={"embedder": str(tmp_path / "elsewhere")})
    with pytest.raises(ClassifierSetupError, match="elsewhere"):
        await conflicts(
            Settings(), config.model_copy(update={"local": local}), None, 10, as_json=False
        )
