"""`triage evaluate`: figures of a classifier from two files."""

import json
from pathlib import Path

import pytest

from bot.bulk.engine import Crew
from bot.cli.evaluate import evaluate_files
from bot.cli.options import columns_of, mapped
from bot.config.config import Settings
from learning.errors import DatasetError
from learning.reading.bad_rows import RefuseAll, SkipBad
from learning.reading.source import Source
from tests.bot.cli.command_line import triage


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


def test_evaluate_reads_as_import_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, test = tmp_path / "a.csv", tmp_path / "b.csv"
    lines = "".join(f"it crashes {n};Bug\ncharged twice {n};Money\n" for n in range(8))
    train.write_bytes(f"Café;Group\n{lines}".encode("cp1252"))
    test.write_bytes("Café;Group\nit crashes now;BUG\nhalf\n".encode("cp1252"))
    columns = columns_of(["café"], "group")
    files = Source(str(train), columns), Source(str(test), columns)
    skip = SkipBad()
    evaluate_files(
        Settings(), files, mapped(["Money=BILLING"]), skip, "local", Crew(), as_json=True
    )
    figures = json.loads(capsys.readouterr().out)
    assert (figures["train_examples"], figures["accuracy"], skip.count) == (16, 1.0, 1)
    with pytest.raises(DatasetError, match="line 3: 1 field,"):
        evaluate_files(Settings(), files, {}, RefuseAll(), "local", Crew(), as_json=True)
