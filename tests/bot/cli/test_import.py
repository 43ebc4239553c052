"""`triage import`: the rows that are stored, and the files that are refused."""

import json
from pathlib import Path

import pytest

from bot.cli.import_ import import_file
from bot.config.config import Config, Settings, load_config
from learning.errors import DatasetError
from learning.reading.bad_rows import RefuseAll, SkipBad
from learning.reading.source import Source
from storage.examples.examples import Examples
from storage.server.protocol import Client
from tests.bot.cli.command_line import triage
from tests.hostile import ACTING, HOSTILE


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path("triage.toml"))


def test_examples_can_be_imported_before_a_bot_has_run(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("text,label\nRefund me please,BILLING\n")
    assert "1 new or changed of 1" in triage("import", str(file), REDIS_URL=valkey_url).stdout
    status = json.loads(triage("status", "--json", REDIS_URL=valkey_url).stdout)
    assert (status["workspace"], status["examples"]) == ("local", 1)


async def test_an_unknown_label_imports_nothing(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("text,label\nRefund me,BILLING\nHello,GREETING\n")
    done = triage("import", str(file), "--team", "T1", REDIS_URL=valkey_url)
    assert done.returncode == 2
    assert "GREETING" in done.stderr
    assert await redis.hlen("triage:{T1}:examples") == 0


async def test_a_damaged_file_stores_nothing(
    redis: Client,
    valkey_url: str,
    tmp_path: Path,
    config: Config,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label\nGood row,BILLING\n"half a row,OTHER\nAnother good row,OTHER\n')
    settings, source = Settings(redis_url=valkey_url), Source(str(path))
    with pytest.raises(DatasetError, match="line 3: a quote"):
        await import_file(settings, config, source, {}, "T1", RefuseAll())
    assert await Examples(redis).counts("T1") == {}
    told: list[str] = []
    await import_file(settings, config, source, {}, "T1", SkipBad(told.append))
    assert await Examples(redis).counts("T1") == {"BILLING": 1, "OTHER": 1}
    assert "line 3: a quote" in told[0]
    assert "Imported: 2 new or changed of 2 rows\nSkipped bad rows: 1\n" in capsys.readouterr().out


async def test_errors_quote_no_control_characters(tmp_path: Path, config: Config) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"text": "a b", "label": one}) for one in HOSTILE))
    with pytest.raises(DatasetError) as caught:
        await import_file(Settings(), config, Source(str(path)), {}, "T1")
    assert not ACTING & (set(str(caught.value)) - {"\n"})
    assert max(map(len, str(caught.value).splitlines())) < 5_000
