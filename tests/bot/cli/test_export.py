"""`triage export`: its files can be imported again."""

import json
from pathlib import Path

import pytest

from bot.cli.export import export_file
from bot.cli.import_ import import_file
from bot.config.config import Settings, load_config
from learning.reading.source import Source
from storage.examples.examples import Examples
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.bot.cli.command_line import triage


async def test_imported_examples_are_exported(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text('text,label\nRefund me please,BILLING\n"It crashes, always",TECHNICAL\n')
    first = triage("import", str(file), "--team", "T1", REDIS_URL=valkey_url)
    assert "2 new or changed of 2 rows" in first.stdout
    again = triage("import", str(file), "--team", "T1", REDIS_URL=valkey_url)
    assert "0 new or changed of 2 rows" in again.stdout
    out = tmp_path / "out.jsonl"
    done = triage("export", "--out", str(out), "--since", "1d", REDIS_URL=valkey_url)
    assert f"Training file created: {out}" in done.stdout
    assert "Total examples: 2" in done.stdout
    status = json.loads(triage("status", "--json", REDIS_URL=valkey_url).stdout)
    assert (status["workspace"], status["examples"]) == ("T1", 2)
    assert status["llm_today"].startswith("0 calls, 0 tokens read")
    assert status["llm_problems"] == []
    assert status["local_model"] is None
    said = "90% precision is not shown yet: it takes about 38 more examples"
    await Workspaces(redis).set_precision_status("T1", said)
    status = json.loads(triage("status", "--json", REDIS_URL=valkey_url).stdout)
    assert status["local_model"] == said
    assert f"Local model: {said}" in triage("labels", REDIS_URL=valkey_url).stdout
    labels = json.loads(triage("labels", "--json", REDIS_URL=valkey_url).stdout)
    assert [one["count"] for one in labels] == [1, 1, 0, 0]


async def test_importing_an_exported_chat_file_changes_nothing(
    redis: Client, valkey_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = load_config(Path("triage.toml"))
    rows = [{"text": f"<p> tag {one} ‹b› ❤️", "label": "OTHER"} for one in "abcdefghijkl"]  # noqa: RUF001
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(json.dumps({**row, "label_set": "x"}) for row in rows))
    settings, out = Settings(redis_url=valkey_url), tmp_path / "out.jsonl"
    await import_file(settings, config, Source(str(source)), {}, "T1")
    before = {one.id: one.text async for one in Examples(redis).iterate("T1")}
    await export_file(settings, config, out, "openai", None, "T1")
    for file in (out, out.with_name("out.validation.jsonl")):
        if file.exists():
            await import_file(settings, config, Source(str(file)), {}, "T1")
    assert {one.id: one.text async for one in Examples(redis).iterate("T1")} == before
    assert "Imported: 0 new or changed" in capsys.readouterr().out
