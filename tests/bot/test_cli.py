"""The command line as a user runs it: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest

from support_triage.storage.connection import Client
from support_triage.storage.events import Posted
from support_triage.storage.inbox import Inbox
from support_triage.storage.records import Message, MessageId
from support_triage.storage.workspaces import Workspaces
from tests.bot.command_line import process, triage


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


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["classify", "-", "--config", "missing.toml"], {}, "missing.toml: no such file"),
        (["classify", "missing.txt"], {}, "missing.txt: no such file"),
        (["run"], {"REDIS_URL": "nowhere"}, "REDIS_URL: write redis://"),
        (["run"], {}, "SLACK_APP_TOKEN: not set"),
        (["run", "--port", "1"], {}, "SLACK_BOT_TOKEN: not set"),
        (["export", "--out", "x", "--format", "xml"], {}, "--format"),
        (["import", "missing.csv"], {}, "missing.csv: no such file"),
        (["evaluate", "--train", "a.csv", "--test", "b.csv"], {}, "a.csv: no such file"),
        (
            ["evaluate", "--train", "a", "--test", "b", "--classifier", "magic"],
            {},
            "--classifier",
        ),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(
    arguments: list[str], environment: dict[str, str], words: str
) -> None:
    done = triage(*arguments, **environment)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_shown() -> None:
    assert process("--version").stdout.startswith("support-triage 0.")


def test_a_server_that_is_away_is_exit_code_3() -> None:
    done = process("status", REDIS_URL="redis://127.0.0.1:1")
    assert done.returncode == 3
    assert "REDIS_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "folder", ["/dev/null", "/proc/none", "triage.toml", "/sys/none", "/dev/null/below"]
)
def test_a_data_folder_that_cannot_be_is_named(folder: str) -> None:
    done = triage("status", TRIAGE_DATA_DIR=folder)
    assert done.returncode == 2
    assert "TRIAGE_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_examples_can_be_imported_before_a_bot_has_run(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("text,label\nRefund me please,BILLING\n")
    assert "1 new or changed of 1" in triage("import", str(file), REDIS_URL=valkey_url).stdout
    status = json.loads(triage("status", "--json", REDIS_URL=valkey_url).stdout)
    assert (status["workspace"], status["examples"]) == ("local", 1)


async def test_what_is_imported_is_exported(redis: Client, valkey_url: str, tmp_path: Path) -> None:
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
    assert status["llm_today"].startswith("0 requests, 0 tokens read")
    assert status["llm_problems"] == []
    assert status["local_model"] is None
    said = "90% precision is not shown yet: it takes about 38 more examples"
    await Workspaces(redis).stands("T1", said)
    status = json.loads(triage("status", "--json", REDIS_URL=valkey_url).stdout)
    assert status["local_model"] == said
    assert f"Local model: {said}" in triage("labels", REDIS_URL=valkey_url).stdout
    labels = json.loads(triage("labels", "--json", REDIS_URL=valkey_url).stdout)
    assert [one["count"] for one in labels] == [1, 1, 0, 0]


async def test_a_label_that_is_not_configured_imports_nothing(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("text,label\nRefund me,BILLING\nHello,GREETING\n")
    done = triage("import", str(file), "--team", "T1", REDIS_URL=valkey_url)
    assert done.returncode == 2
    assert "GREETING" in done.stderr
    assert await redis.hlen("triage:{T1}:examples") == 0


async def test_dead_letters_are_listed_without_text_tried_again_and_dropped(
    redis: Client, valkey_url: str
) -> None:
    inbox = Inbox(redis)
    await Workspaces(redis).add("T1")
    for ts in ("1.0", "2.0"):
        at = MessageId(team="T1", channel="C1", ts=ts)
        await inbox.receive(Posted(message=Message(id=at, user="U", text="secret")))
    for entry in (await inbox.take("T1", 10, 10)).entries:
        await inbox.bury(entry, "ValueError each time")
    listed = triage("dead", "list", "--json", REDIS_URL=valkey_url)
    assert "secret" not in listed.stdout
    rows = json.loads(listed.stdout)
    assert [(row["message"], row["reason"]) for row in rows] == [
        ("C1:1.0", "ValueError each time"),
        ("C1:2.0", "ValueError each time"),
    ]
    assert triage("dead", "drop", REDIS_URL=valkey_url).returncode == 2
    again = triage("dead", "retry", rows[0]["id"], REDIS_URL=valkey_url)
    assert "1 of 1" in again.stdout
    assert (await inbox.depth("T1"), await inbox.dead("T1")) == (1, 1)
    dropped = triage("dead", "drop", "--all", REDIS_URL=valkey_url)
    assert "1 of 1" in dropped.stdout
    assert (await inbox.depth("T1"), await inbox.dead("T1")) == (1, 0)


def test_evaluate_prints_the_figures(tmp_path: Path) -> None:
    rows = "text,label\n" + "".join(
        f"refund my payment {n},money\nthe app crashes again {n},bug\n" for n in range(8)
    )
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text(rows)
    train, test = str(tmp_path / "train.csv"), str(tmp_path / "test.csv")
    done = triage("evaluate", "--train", train, "--test", test, "--json")
    figures = json.loads(done.stdout)
    assert figures["accuracy"] == 1.0
    assert set(figures) >= {"macro_f1", "ece", "coverage", "per_label", "train_s", "p50_ms"}


def test_the_demo_comes_true() -> None:
    done = process("demo", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The demo succeeded" in done.stdout
