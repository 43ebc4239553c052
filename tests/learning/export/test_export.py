"""Exports are complete, redacted and counted, and match the prompts of a fine-tuned model."""

import csv
import io
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from classifiers.config import LlmChoice
from classifiers.llm import prompt
from classifiers.llm.llm import LlmClassifier
from learning.dataset.snapshot import freeze
from learning.errors import DatasetError
from learning.export import whole_file
from learning.export.export import FORMATS, since_when, writer
from learning.export.openai_rules import problems
from storage.examples.examples import StoredExample
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.classifiers.openai_server import openai_server
from tests.learning.export.exports import (
    LABELS,
    chats,
    contents,
    example,
    exported,
    names,
    stood,
    written,
)
from tests.sandbox.running import eventually

SENTENCES = [
    f"{start} {middle} {end}"
    for start in ("My card", "The app", "Our invoice", "Her login", "This report")
    for middle in ("was charged twice", "crashes at once", "shows nothing", "takes for ever")
    for end in ("since Monday", "after the update", "in the morning")
]


def many() -> list[StoredExample]:
    return [
        example(text, LABELS.names[number % 4], str(number), number)
        for number, text in enumerate(SENTENCES)
    ]


def texts_of(path: Path) -> list[str]:
    return [chat[-2]["content"] for chat in chats(path)]


async def test_the_openai_files_have_the_prompt_of_a_fine_tuned_model(
    redis: Client, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    nasty = "Charged <b>twice</b>\n=1+1 \u202e\x00 jane@example.com \U0001f4a5"
    made = await exported(redis, [*many(), example(nasty, number=900)], "openai", out)
    files = [path for _, path, _ in made.written.files]
    asked = [one for path in files for one in chats(path)]
    [chat] = [one for one in asked if "Charged" in one[-2]["content"]]
    async with openai_server() as server:
        tuned = LlmClassifier(LABELS, LlmChoice("ft:x", base_url=server.url, tuned=True))
        await tuned.classify([nasty])
        await tuned.aclose()
    assert chat[:-1] == server.requests[-1].messages
    assert prompt.parse(chat[-1]["content"], LABELS.names) == "BILLING"
    assert made.summary.startswith(f"Training file created: {out}\nValidation file created: ")
    assert f"Total examples: {made.total}\n" in made.summary


async def test_the_openai_files_are_split_like_a_snapshot(redis: Client, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    examples = [*many(), example(SENTENCES[0].upper(), "OTHER", "99", 999)]
    made = await exported(redis, examples, "openai", out)
    snapshot = freeze(examples, LABELS, "1")
    train, test = texts_of(out), texts_of(tmp_path / "out.validation.jsonl")
    asked = {
        side: sorted(prompt.messages(LABELS, (), one.text)[-1]["content"] for one in part)
        for side, part in (("train", snapshot.train), ("test", snapshot.test))
    }
    assert (sorted(train), sorted(test)) == (asked["train"], asked["test"])
    assert made.written.left_out["same text with a newer label"] == 1
    assert made.total + made.written.left_out.total() == len(examples)
    assert problems(out, tmp_path / "out.validation.jsonl") == []


async def test_left_out_examples_are_counted_by_reason(redis: Client, tmp_path: Path) -> None:
    examples = [
        example("a", when="9"),
        example("b", "GONE", number=1),
        example("c", when="3", number=2),
    ]
    made = await exported(redis, examples, "jsonl", tmp_path / "out.jsonl", since=5)
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == made.total == 1
    assert "Left out, label not in triage.toml: GONE: 1" in made.summary
    assert "Left out, older than requested: 1" in made.summary
    few = await exported(redis, [], "openai", tmp_path / "few.jsonl")
    assert "OpenAI needs at least 10 examples" in few.summary


@pytest.mark.parametrize("kind", FORMATS)
async def test_people_and_secrets_stay_in_the_house(
    redis: Client, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "out"
    await exported(redis, [example("write to jane@example.com")], kind, path)
    content = contents(tmp_path)
    assert content
    assert b"jane@example.com" not in content
    assert b"U1" not in content


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    texts = ["=HYPERLINK(1)", "+1", "-1", "@sum", "'quoted", "＝1", 'plain, "text"\nwith lines']  # noqa: RUF001
    written("csv", tmp_path / "out.csv", [(one, "BILLING") for one in texts])
    content = (tmp_path / "out.csv").read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))[1:]
    assert len(rows) == len(texts)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "＝"))]  # noqa: RUF001


def test_since_is_a_day_or_a_number_of_days() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert since_when("2026-11-23", now) == since_when("1d", now) == now.timestamp() - 86400
    with pytest.raises(DatasetError, match="Write a day"):
        since_when("yesterday", now)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_unfinished_export_leaves_the_old_file(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    out.write_text("old")
    to = writer(kind, LABELS, out)
    to.close()
    assert out.read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_two_exports_do_not_write_the_same_file(tmp_path: Path) -> None:
    with (
        whole_file.WholeFile(tmp_path / "out"),
        pytest.raises(DatasetError, match="another export"),
    ):
        whole_file.WholeFile(tmp_path / "out")


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be written"):
        writer("csv", LABELS, tmp_path / "missing" / "out.csv")


KILLED = """
import os, signal, sys
from pathlib import Path
from learning.export import openai_file, whole_file
from tests.learning.export.exports import written

def dying(name, owner, calls):
    real, left = getattr(owner, name), [calls]
    def call(*arguments, **named):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    setattr(owner, name, call)

kind, where, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
dying(where, {"fsync": os, "replace": Path}[where], 0)
written(kind, path, [(f"A whole new text {'x' * (n % 97)} {n}", "OTHER") for n in range(3000)])
"""


@pytest.mark.parametrize(("kind", "where"), [("openai", "fsync"), ("csv", "replace")])
def test_an_export_killed_at_its_end_leaves_no_half_file(
    tmp_path: Path, kind: str, where: str
) -> None:
    out = tmp_path / "out.jsonl"
    written(kind, out, [("old", "BILLING")])
    old = out.read_bytes()
    command = [sys.executable, "-c", KILLED, kind, where, str(out)]
    done = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": "."})
    assert done.returncode == -signal.SIGKILL
    assert out.read_bytes() == old
    written(kind, out, [("new", "BILLING")])
    assert out.read_bytes() != old
    assert not (tmp_path / ".out.jsonl.part").exists()


async def test_an_export_killed_midway_leaves_no_half_file(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    lots = (example(f"Text number {n} {'x' * (n % 89)}", number=n) for n in range(8_000))
    store = await stood(redis, [])
    while batch := list(islice(lots, 500)):
        await store.put_all("T", [(one.id, one, ()) for one in batch])
    await Workspaces(redis).add("T")
    out, part = tmp_path / "out.csv", tmp_path / ".out.csv.part"
    command = ["export", "--format", "csv", "--out", str(out)]
    child = subprocess.Popen(
        [sys.executable, "-c", "from bot.cli.main import main; main()", *command],
        env=os.environ | {"REDIS_URL": valkey_url},
    )
    with child:
        await eventually(lambda: part.exists() and part.stat().st_size > 10_000, 40)
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert names(tmp_path) == [".out.csv.part"]
    assert (await exported(redis, [], "csv", out)).total == 8_000
    assert names(tmp_path) == ["out.csv"]
