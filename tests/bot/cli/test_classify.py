"""`triage classify`: the classifier that answers, and files of any length."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.bulk.choose import Choice, Taught, load_taught
from bot.bulk.classify import classify_file, job_of
from bot.bulk.engine import Crew
from bot.cli.classify import print_answers
from bot.cli.import_ import import_file
from bot.config.config import Config, ConfigError, Settings, load_config
from classifiers.base import Example
from classifiers.local.recipe import Recipe
from learning.bulk.chunks import CHUNK
from learning.bulk.file_out import FileOut
from learning.errors import DatasetError
from learning.reading.source import Source
from storage.models import Model, ModelError, Models, Promotion
from storage.server.protocol import Client
from tests.bot.cli.command_line import process, triage
from tests.learning.bulk.shouting import shout

TAUGHT = "The frobnicator hums in the key of B"
EXAMPLES = "text,label\n" + "".join(
    f"The frobnicator hums {how},{'TECHNICAL' if place % 2 else 'BILLING'}\n"
    for place, how in enumerate(("softly", "in the key of A", "loudly", "in the key of C"))
)
"""Texts with "softly" or "loudly" are BILLING; texts with a key are TECHNICAL."""


@pytest.fixture(scope="module")
def shipped() -> Config:
    return load_config(Path("triage.toml"))


def labels(lines: str) -> list[str | None]:
    return [json.loads(line)["alternatives"][0]["label"] for line in lines.splitlines()]


async def printed(
    capsys: pytest.CaptureFixture[str], settings: Settings, source: Path, choice: Choice
) -> str:
    await print_answers(settings, load_config(Path("triage.toml")), Source(str(source)), choice)
    return capsys.readouterr().out


def test_classify_reads_lines_and_answers_json_lines() -> None:
    texts = "My card was charged twice\nlalala\n\n"
    done = process("classify", "-", stdin=texts, TRIAGE_DATA_DIR="/nonexistent")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["label"] for row in rows] == ["BILLING", None]
    assert set(rows[0]) >= {"text", "confidence", "alternatives", "abstained", "classifier"}
    assert rows[1]["abstained"] is True
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", "text,id\nHow do I reset my password?,1\n"),
        ("in.jsonl", '{"text": "How do I reset my password?"}\n'),
        ("in.txt", "How do I reset my password?\n"),
    ],
)
def test_classify_reads_files(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    done = triage("classify", str(tmp_path / name))
    assert json.loads(done.stdout)["label"] == "ACCOUNT"


async def test_files_are_labelled_with_the_examples_of_the_workspace(
    redis: Client,
    valkey_url: str,
    tmp_path: Path,
    shipped: Config,
    capsys: pytest.CaptureFixture[str],
) -> None:
    examples, source, out = (tmp_path / name for name in ("in.csv", "texts.txt", "out.jsonl"))
    examples.write_text(EXAMPLES)
    source.write_text(f"{TAUGHT}\n")
    settings = Settings(redis_url=valkey_url)
    await import_file(settings, shipped, Source(str(examples)), {}, "T1")
    capsys.readouterr()
    answer = await printed(capsys, settings, source, Choice())
    assert labels(answer) == ["TECHNICAL"]
    by_file = await printed(capsys, settings, source, Choice(examples=str(examples)))
    assert labels(by_file) == ["TECHNICAL"]
    untaught = await printed(
        capsys, Settings(triage_data_dir=tmp_path / "none"), source, Choice(kind="local")
    )
    assert json.loads(untaught)["classifier"] != json.loads(answer)["classifier"]
    done = triage("classify", str(source), "--out", str(out), REDIS_URL=valkey_url)
    assert out.read_text() == answer
    assert "Learned from workspace T1: 4 examples" in done.stderr


def test_a_resumed_run_uses_its_first_training_data(tmp_path: Path, shipped: Config) -> None:
    source, examples, out = (tmp_path / name for name in ("in.txt", "in.csv", "out.jsonl"))
    source.write_text("hello there\n" * CHUNK + f"{TAUGHT}\n")
    examples.write_text(EXAMPLES)
    choice = Choice(examples=str(examples))
    was = tuple(Example(str(number), f"{TAUGHT} {number}", "ACCOUNT") for number in range(3))
    begun = FileOut(out)
    begun.begin(
        job_of(Source(str(source)), shipped, choice),
        Taught(source="before", examples=was).model_dump_json().encode(),
    )
    begun.add("{}\n")
    begun.close()
    done = classify_file(
        Settings(), shipped, Source(str(source)), str(out), choice, Crew(processes=1)
    )
    assert (done.before, done.taught.source) == (1, "before")
    first, last = out.read_text().splitlines()
    assert (first, labels(last)) == ("{}", ["ACCOUNT"])


async def test_leaving_out_the_llm_must_be_explicit(
    redis: Client, valkey_url: str, shipped: Config
) -> None:
    model = Model(
        kind="hosted",
        backend="nebius",
        name="tuned",
        label_set=shipped.label_set.version,
        snapshot="s",
        created="1",
    )
    await Models(redis).add("T1", model)
    note = Promotion(act="promote", who="U", when="1", why="better")
    await Models(redis).promote("T1", model.id, note, None)
    settings = Settings(redis_url=valkey_url)
    with pytest.raises(ConfigError, match=r"the bot asks tuned .* Add --classifier local"):
        await load_taught(settings, shipped, Choice("T1"))
    assert (await load_taught(settings, shipped, Choice("T1", kind="local"))).recipe == b""
    with_key = settings.model_copy(update={"openai_api_key": SecretStr("sk-x")})
    with pytest.raises(ConfigError, match="the bot asks gpt"):
        await load_taught(with_key, shipped, Choice("T1"))


async def test_the_recipe_of_a_local_champion_is_used(
    redis: Client, valkey_url: str, shipped: Config
) -> None:
    recipe = Recipe(c=15.0).to_bytes()
    model = Model(
        kind="local",
        backend="local",
        sha256=hashlib.sha256(recipe).hexdigest(),
        label_set=shipped.label_set.version,
        snapshot="s",
        created="1",
    )
    await Models(redis).add("T1", model, recipe)
    note = Promotion(act="promote", who="U", when="1", why="better")
    await Models(redis).promote("T1", model.id, note, None)
    taught = await load_taught(Settings(redis_url=valkey_url), shipped, Choice("T1"))
    assert Taught.model_validate_json(taught.model_dump_json()).recipe == recipe
    with pytest.raises(ModelError, match="was trained for label set"):
        await load_taught(
            Settings(redis_url=valkey_url),
            shipped.model_copy(update={"labels": shipped.labels[:2]}),
            Choice("T1"),
        )


def test_options_that_exclude_each_other_are_refused(tmp_path: Path, shipped: Config) -> None:
    with pytest.raises(ConfigError, match=r'"magic" is unknown\. Use one of local, llm, cascade'):
        Choice(kind="magic")
    with pytest.raises(ConfigError, match="use only one of them"):
        Choice("T1", "x.csv")
    with pytest.raises(ConfigError, match=r'"spark" is unknown\. Use one of local, ray'):
        Crew("spark")
    out = str(tmp_path / "out")
    for kind in ("llm", "cascade"):
        with pytest.raises(ConfigError, match="the local classifier only"):
            classify_file(Settings(), shipped, Source("in.txt"), out, Choice(kind=kind), Crew())
    with pytest.raises(ConfigError, match="reads it again"):
        classify_file(Settings(), shipped, Source("-"), out, Choice(), Crew())
    missing = Choice(examples=str(tmp_path / "x.csv"))
    with pytest.raises(DatasetError, match=r"x\.csv: no such file"):
        classify_file(Settings(), shipped, Source("in.txt"), out, missing, Crew())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is there")
def test_a_missing_extra_is_named() -> None:
    with pytest.raises(DatasetError, match=r"support-triage\[ray\]"):
        list(Crew("ray").answers([["hello"]], lambda: shout))
