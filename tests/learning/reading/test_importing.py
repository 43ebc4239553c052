"""Imports read every export format and foreign files; a bad row prevents the import."""

import asyncio
import csv
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.redaction.redact import redact
from classifiers.text import has_words
from learning.dataset.split import normal
from learning.errors import DatasetError
from learning.export import parquet_file
from learning.export.export import FORMATS, SUFFIX
from learning.reading.importing import Imported, plan_import, store
from learning.reading.reader import identity, read, texts
from learning.reading.source import Columns, Source
from storage.examples.examples import Examples
from storage.server.protocol import Client
from tests.learning.export.exports import LABELS, example, exported, written

NASTY = st.sampled_from(
    ["=1+1", "'", "\t", "\r", "\n", "\r\n", ",", ";", '"', "\x00", "\u2028", "\u202e", "\U0001f4a5"]
)
TEXTS = st.lists(NASTY | st.text(max_size=6), min_size=1, max_size=8).map("".join).filter(has_words)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=40, deadline=None)
@given(texts=st.lists(TEXTS, max_size=8, unique_by=normal))
def test_every_format_is_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, kind: str, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("export") / f"out.{SUFFIX[kind]}"
    rows = [(text, LABELS.names[len(text) % 4]) for text in texts]
    written(kind, path, rows)
    found = [
        (row.text, row.label) for file in path.parent.iterdir() for row in read(Source(str(file)))
    ]
    if kind != "openai":
        assert found == rows
        return
    assert set(found) <= set(rows)  # near-duplicates on the validation side are left out
    assert len(found) >= len(rows) / 2 or len(rows) < 6


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
async def test_an_export_is_imported_once(redis: Client, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"out.{SUFFIX[kind]}"
    texts = ["=cmd()", "It crashes,\r\nalways", "\U0001f4a5 boom", "mail jane@example.com"]
    originals = [example(redact(one).text, when=f"{n}.5", number=n) for n, one in enumerate(texts)]
    await exported(redis, originals, kind, path)
    examples, plan = Examples(redis), plan_import(Source(str(path)), LABELS)
    assert await store(examples, "T2", plan) == Imported(4, 0)
    assert await store(examples, "T2", plan) == Imported(0, 0)
    found = {one.text: (one.label, one.when, one.source) async for one in examples.iterate("T2")}
    assert found == {one.text: (one.label, one.when, "import") for one in originals}


async def test_foreign_files_with_other_columns_and_labels_are_imported(
    redis: Client, tmp_path: Path
) -> None:
    path = tmp_path / "old.csv"
    path.write_text("Id;Betreff;Kategorie\n1;Refund me;money\n2;It crashes;TECHNICAL\n")
    plan = plan_import(
        Source(str(path), Columns(("Betreff",), "Kategorie")), LABELS, {"money": "BILLING"}
    )
    assert (await store(Examples(redis), "T", plan)).changed == 2
    assert await Examples(redis).counts("T") == {"BILLING": 1, "TECHNICAL": 1}


async def test_the_newest_label_of_a_text_counts(redis: Client, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [
        ("Refund me", "OTHER", "5"),
        ("refund  ME", "BILLING", "7"),
        ("Refund me", "OTHER", "6"),
    ]
    path.write_text(
        "\n".join(json.dumps({"text": t, "label": label, "when": w}) for t, label, w in rows)
    )
    plan = plan_import(Source(str(path)), LABELS)
    assert (plan.rows, plan.repeated) == (3, 2)
    examples = Examples(redis)
    assert await store(examples, "T", plan) == Imported(1, 0)
    path.write_text(json.dumps({"text": "Refund me", "label": "ACCOUNT", "when": "1"}))
    assert await store(examples, "T", plan_import(Source(str(path)), LABELS)) == Imported(0, 1)
    [one] = await examples.get("T", [identity("refund me")])
    assert one is not None
    assert (one.label, one.when) == ("BILLING", "7")


async def test_an_interrupted_import_is_completed_by_the_same_call(
    redis: Client, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((f"text number {n}", "OTHER") for n in range(1_200))

    def cut_off(_: int) -> None:
        raise asyncio.CancelledError

    examples, plan = Examples(redis), plan_import(Source(str(path)), LABELS)
    with pytest.raises(asyncio.CancelledError):
        await store(examples, "T", plan, cut_off)
    assert await examples.counts("T") == {"OTHER": 500}
    assert await store(examples, "T", plan) == Imported(700, 0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "text;label\nx;GREETING\n", 'line 2: label "GREETING" is not in triage.toml'),
        ("a.csv", 'text,label\nx,OTHER\n"two\nlines",\n', "line 3: needs"),
        ("a.csv", "subject,label\nx,OTHER\n", 'line 1: no column "text"'),
        ("a.jsonl", '{"text": "x"}\n', "line 1"),
        ("a.jsonl", "[1]\n", "not an object"),
        ("a.jsonl", "{\n", "not JSON"),
        ("a.jsonl", '{"messages": [1]}\n', "not a chat of a training file"),
        ("a.jsonl", '\n\n{"messages": []}\n', "line 3"),
        ("a.parquet", "PAR0", "not a valid Parquet file"),
    ],
)
def test_a_bad_row_is_reported_by_line(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DatasetError, match=words):
        plan_import(Source(str(tmp_path / name)), LABELS)


def test_the_error_without_pyarrow_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DatasetError, match=r"support-triage\[parquet\]"):
        parquet_file.ParquetWriter(tmp_path / "out.parquet")


def test_half_an_emoji_in_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "Charged twice \\ud83d", "label": "BILLING"}\n')
    assert [one.text for one in read(Source(str(path)))] == ["Charged twice \ufffd"]
    assert plan_import(Source(str(path)), LABELS).rows == 1


def test_half_an_emoji_in_a_text_to_classify_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "Charged twice \\ud83d"}\n')
    assert list(texts(Source(str(path)))) == ["Charged twice \ufffd"]
