"""`triage conflicts`: the configured embedder, and untrusted texts."""

import io
import json
from pathlib import Path

import pytest

from bot.cli import conflicts as cli_conflicts
from bot.cli.conflicts import show_conflicts
from bot.cli.import_ import import_file
from bot.cli.terminal import Terminal
from bot.config.config import Config, Settings, load_config
from classifiers.base import ClassifierSetupError
from learning.reading.source import Source
from storage.examples.examples import Examples
from storage.server.protocol import Client
from tests.hostile import ACTING, HOSTILE


@pytest.fixture
def config() -> Config:
    return load_config(Path("triage.toml"))


async def test_the_configured_embedder_is_used(tmp_path: Path, config: Config) -> None:
    local = config.local.model_copy(update={"embedder": str(tmp_path / "elsewhere")})
    with pytest.raises(ClassifierSetupError, match="elsewhere"):
        await show_conflicts(
            Settings(), config.model_copy(update={"local": local}), None, 10, as_json=False
        )


async def test_conflicts_print_untrusted_texts_literally(
    redis: Client, valkey_url: str, tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(cli_conflicts, "out", Terminal(file=written, width=200))
    settings = Settings(redis_url=valkey_url)
    path = tmp_path / "in.jsonl"
    rows = [{"text": text, "label": "OTHER", "label_set": "x"} for text in HOSTILE[:-1]]
    path.write_text("\n".join(map(json.dumps, rows)))
    await import_file(settings, config, Source(str(path)), {}, "T1")
    examples = Examples(redis)
    stored = [one async for one in examples.iterate("T1")]
    twice = [
        (f"C1:{number}.5", one.model_copy(update={"id": f"C1:{number}.5", "label": "BILLING"}), ())
        for number, one in enumerate(stored)
    ]
    await examples.put_all("T1", twice)
    await show_conflicts(settings, config, "T1", 100, as_json=False)
    seen = written.getvalue()
    assert "[/b] closes nothing" in seen
    assert "[link=https://evil.example]" in seen
    assert not ACTING & (set(seen) - {"\n"})
