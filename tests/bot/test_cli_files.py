"""The verbs on files, in process: what is stored, what is told, and what nobody's words do."""

import io
import json
from pathlib import Path

import pytest

from support_triage.bot import cli_classify, cli_conflicts, cli_data
from support_triage.bot.cli_options import columns_of, mapped
from support_triage.bot.config import Config, ConfigError, Settings, load_config
from support_triage.bot.crew import Crew
from support_triage.bot.terminal import Terminal
from support_triage.learning.bad_rows import RefuseAll, SkipBad
from support_triage.learning.dataset import DatasetError
from support_triage.learning.source import Source
from support_triage.storage.connection import Client
from support_triage.storage.examples import Examples
from tests.hostile import ACTING, HOSTILE

SHIPPED = Path("triage.toml")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(SHIPPED)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    file = io.StringIO()
    console = Terminal(file=file, width=200)
    for module in (cli_data, cli_conflicts, cli_classify):
        monkeypatch.setattr(module, "out", console)
    return file


async def test_nothing_of_a_damaged_file_is_stored(
    redis: Client, valkey_url: str, tmp_path: Path, config: Config, written: io.StringIO
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label\nGood row,BILLING\n"half a row,OTHER\nAnother good row,OTHER\n')
    settings, source = Settings(redis_url=valkey_url), Source(str(path))
    with pytest.raises(DatasetError, match="line 3: a quote"):
        await cli_data.import_file(settings, config, source, {}, "T1", RefuseAll())
    assert await Examples(redis).counts("T1") == {}
    told: list[str] = []
    await cli_data.import_file(settings, config, source, {}, "T1", SkipBad(told.append))
    assert await Examples(redis).counts("T1") == {"BILLING": 1, "OTHER": 1}
    assert "line 3: a quote" in told[0]
    assert "Imported: 2 new or changed of 2 rows\nSkipped bad rows: 1\n" in written.getvalue()


async def test_what_goes_out_as_chats_changes_nothing_when_it_comes_back(
    redis: Client, valkey_url: str, tmp_path: Path, config: Config, written: io.StringIO
) -> None:
    rows = [{"text": f"<p> tag {one} ‹b› ❤️", "label": "OTHER"} for one in "abcdefghijkl"]  # noqa: RUF001
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(json.dumps({**row, "label_set": "x"}) for row in rows))
    settings, out = Settings(redis_url=valkey_url), tmp_path / "out.jsonl"
    await cli_data.import_file(settings, config, Source(str(source)), {}, "T1")
    before = {one.id: one.text async for one in Examples(redis).iterate("T1")}
    await cli_data.export_file(settings, config, out, "openai", None, "T1")
    for file in (out, out.with_name("out.validation.jsonl")):
        if file.exists():
            await cli_data.import_file(settings, config, Source(str(file)), {}, "T1")
    assert {one.id: one.text async for one in Examples(redis).iterate("T1")} == before
    assert "Imported: 0 new or changed" in written.getvalue()


async def test_conflicts_show_strangers_words_as_they_are(
    redis: Client, valkey_url: str, tmp_path: Path, config: Config, written: io.StringIO
) -> None:
    settings = Settings(redis_url=valkey_url)
    path = tmp_path / "in.jsonl"
    rows = [{"text": text, "label": "OTHER", "label_set": "x"} for text in HOSTILE[:-1]]
    path.write_text("\n".join(map(json.dumps, rows)))
    await cli_data.import_file(settings, config, Source(str(path)), {}, "T1")
    examples = Examples(redis)
    stored = [one async for one in examples.iterate("T1")]
    twice = [
        (f"C1:{number}.5", one.model_copy(update={"id": f"C1:{number}.5", "label": "BILLING"}), ())
        for number, one in enumerate(stored)
    ]
    await examples.stand_all("T1", twice)
    await cli_conflicts.conflicts(settings, config, "T1", 100, as_json=False)
    seen = written.getvalue()
    assert "[/b] closes nothing" in seen
    assert "[link=https://evil.example]" in seen
    assert not ACTING & (set(seen) - {"\n"})


async def test_errors_quote_no_acting_character(tmp_path: Path, config: Config) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"text": "a b", "label": one}) for one in HOSTILE))
    with pytest.raises(DatasetError) as caught:
        await cli_data.import_file(Settings(), config, Source(str(path)), {}, "T1")
    assert not ACTING & (set(str(caught.value)) - {"\n"})
    assert max(map(len, str(caught.value).splitlines())) < 5_000


def test_evaluate_reads_as_import_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: Config
) -> None:
    train, test = tmp_path / "a.csv", tmp_path / "b.csv"
    lines = "".join(f"it crashes {n};Bug\ncharged twice {n};Money\n" for n in range(8))
    train.write_bytes(f"Café;Group\n{lines}".encode("cp1252"))
    test.write_bytes("Café;Group\nit crashes now;BUG\nhalf\n".encode("cp1252"))
    columns = columns_of(["café"], "group")
    files = Source(str(train), columns), Source(str(test), columns)
    skip = SkipBad()
    cli_classify.evaluate(
        Settings(), files, mapped(["Money=BILLING"]), skip, "local", Crew(), as_json=True
    )
    figures = json.loads(capsys.readouterr().out)
    assert (figures["train_examples"], figures["accuracy"], skip.count) == (16, 1.0, 1)
    with pytest.raises(DatasetError, match="line 3: 1 field "):
        cli_classify.evaluate(Settings(), files, {}, RefuseAll(), "local", Crew(), as_json=True)


def test_a_map_may_have_an_equals_sign_in_the_old_name() -> None:
    assert mapped(["a=b=BILLING", "c=OTHER"]) == {"a=b": "BILLING", "c": "OTHER"}
    with pytest.raises(ConfigError, match="write OLD=NEW"):
        mapped(["BILLING"])
