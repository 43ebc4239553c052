"""Exports and imports: what goes out comes back, and nothing in it comes to life."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_triage.bot.config import load_config
from support_triage.classifiers import prompt
from support_triage.classifiers.redaction import redact
from support_triage.learning import dataset, export, reading
from support_triage.storage.examples import StoredExample

LABELS = load_config(Path("triage.toml")).label_set


def example(text: str, label: str = "BILLING") -> StoredExample:
    return StoredExample(
        id=reading.identity(text),
        text=text,
        label=label,
        source="correction",
        label_set=LABELS.version,
        when="1.5",
        author="U1",
    )


def test_the_openai_file_holds_the_prompt_of_inference() -> None:
    exported = export.render([example("Charged twice")], "openai", LABELS)
    [line] = exported.content.splitlines()
    turns = json.loads(line)["messages"]
    assert turns[:-1] == prompt.messages(LABELS, (), "Charged twice")
    assert prompt.parse(turns[-1]["content"], LABELS.names) == "BILLING"
    assert exported.summary.startswith("Training file created: support-triage-openai.jsonl\n")
    assert "Total examples: 1" in exported.summary


def test_what_is_left_out_is_said() -> None:
    exported = export.render([example("a"), example("b", "GONE")], "jsonl", LABELS)
    assert len(exported.content.splitlines()) == 1
    assert "Left out, no label now: GONE: 1" in exported.summary


def test_people_and_secrets_stay_in_the_house() -> None:
    secret = example("write to jane@example.com")
    for kind in export.FORMATS:
        content = export.render([secret], kind, LABELS).content
        assert "jane@example.com" not in content
        assert "U1" not in content


def test_no_cell_is_a_formula() -> None:
    texts = ["=HYPERLINK(1)", "+1", "-1", "@sum", "'quoted", 'plain, "text"\nwith lines']
    content = export.render([example(one) for one in texts], "csv", LABELS).content
    rows = list(csv.reader(io.StringIO(content)))[1:]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("kind", export.FORMATS)
@given(texts=st.lists(st.from_regex(r"[ -~äß'=+@-]{1,20}\w", fullmatch=True), unique=True))
def test_every_format_comes_back(
    tmp_path_factory: pytest.TempPathFactory, kind: str, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("export") / f"out.{'csv' if kind == 'csv' else 'jsonl'}"
    examples = [example(one) for one in texts]
    export.write(examples, kind, LABELS, path)
    found = sorted(reading.read(path))
    clean = prompt.clean if kind == "openai" else (lambda text, _: text)
    assert found == sorted((clean(redact(one.text).text, 4000), "BILLING") for one in examples)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "text;label\nx;y\n", "line 2"),
        ("a.csv", "text,label\n,BILLING\n", "both not empty"),
        ("a.jsonl", '{"text": "x"}\n', "line 1"),
        ("a.jsonl", "[1]\n", "not an object"),
        ("a.jsonl", "{\n", "not JSON"),
        ("a.jsonl", '{"messages": [1]}\n', "not a chat of ours"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(dataset.DatasetError, match=words):
        list(reading.read(tmp_path / name))


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")

    def cut_off(*_: object) -> Iterator[str]:
        yield "half"
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "lines", cut_off)
    with pytest.raises(KeyboardInterrupt):
        export.write([example("x")], "csv", LABELS, out)
    assert out.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(dataset.DatasetError, match="cannot be written"):
        export.write([], "csv", LABELS, tmp_path / "missing" / "out.csv")
