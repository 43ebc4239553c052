"""The reader reports damaged rows by line, and reads the files of helpdesks."""

import io
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.errors import DatasetError
from learning.reading.bad_rows import LISTED, RefuseAll, SkipBad
from learning.reading.csv_rows import RECORD_MAX
from learning.reading.decoding import detected
from learning.reading.importing import importable_examples, plan_import
from learning.reading.reader import read, texts
from learning.reading.source import Columns, Source
from learning.reading.times import TimeError, parse_time
from tests.learning.export.exports import LABELS, written

GOOD = "My card was charged twice"
CHAT_SYSTEM = {"role": "system", "content": "x"}
CHAT_USER = {"role": "user", "content": "<message>\nhello\n</message>"}
CHAT_ANSWER = {"role": "assistant", "content": '{"label": "OTHER"}'}


def file(folder: Path, name: str, content: str | bytes) -> Source:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Source(str(path))


def imported(source: Source, **options: Any) -> list[tuple[str, str]]:
    plan = plan_import(source, LABELS, **options)
    return [(example.text, example.label) for example in importable_examples(plan)]


def chats(*turns: Mapping[str, object]) -> str:
    return json.dumps({"messages": turns}) + "\n"


@pytest.mark.parametrize(
    ("name", "content", "line", "left"),
    [
        ("a.csv", f"label,text\nBILLING,Hello, {GOOD}\n", 2, 0),
        ("a.csv", f'text,label\n"{GOOD},BILLING\nLogin fails,ACCOUNT\n', 2, 1),
        ("a.csv", f'text,label\n"{GOOD},BILLING\nIt is 5",OTHER\nLogin,ACCOUNT\n', 2, 2),
        ("a.csv", 'text,label\n"He said \\"pay now\\" and left",BILLING\n', 2, 0),
        ("a.csv", f'text,label\n"Save is broken,TECHNICAL\n{GOOD},BILLING\n5" x",OTHER\n', 2, 2),
        ("a.csv", "text,label\nMy card\nwas charged,BILLING\n", 2, 1),
        ("a.csv", f"text,label\n{GOOD},BILLING\ntext,label\nLogin fails,ACCOUNT\n", 3, 2),
        ("a.csv", f"text,label,note\n{GOOD},BILLING\n", 2, 0),
        ("a.csv", f"text,label\n{GOOD},\n", 2, 0),
        ("a.csv", f'text,label\n"{"x" * (RECORD_MAX + 2)}",OTHER\n{GOOD},BILLING\n', 2, 1),
        ("a.csv", f"text,label,when\n{GOOD},BILLING,inf\n", 2, 0),
        ("a.csv", f"text,label,when\n{GOOD},BILLING,nan\n", 2, 0),
        ("a.csv", f"text,label,when\n{GOOD},BILLING,-5\n", 2, 0),
        ("a.csv", f"text,label,when\n{GOOD},BILLING,2999-01-01\n", 2, 0),
        ("a.csv", f"text,label,when\n{GOOD},BILLING,yesterday\n", 2, 0),
        ("a.csv", b"text,label\nCaf\xc3\xa9,OTHER\nCaf\xe9 not,OTHER\nna\xc3\xafve,OTHER\n", 3, 2),
        ("a.jsonl", '{"text": null, "label": "OTHER"}\n', 1, 0),
        ("a.jsonl", '{"text": 12, "label": "OTHER"}\n', 1, 0),
        ("a.jsonl", '{"text": ["a"], "label": "OTHER"}\n', 1, 0),
        ("a.jsonl", '{"text": "", "label": "OTHER"}\n', 1, 0),
        ("a.jsonl", '{"text": "a b", "label": true}\n', 1, 0),
        ("a.jsonl", '{"text": "a", "text": "b", "label": "OTHER"}\n', 1, 0),
        ("a.jsonl", "[" * 100_000 + "\n", 1, 0),
        ("a.jsonl", '{"text": ' + "9" * 5_000 + "}\n", 1, 0),
        ("a.jsonl", chats(CHAT_SYSTEM), 1, 0),
        ("a.jsonl", chats(CHAT_SYSTEM, CHAT_USER), 1, 0),
        ("a.jsonl", chats(CHAT_ANSWER, CHAT_USER), 1, 0),
        ("a.jsonl", chats({**CHAT_USER, "role": "tool"}, CHAT_ANSWER), 1, 0),
        ("a.jsonl", chats(CHAT_USER, CHAT_ANSWER, CHAT_USER, CHAT_ANSWER), 1, 0),
        ("a.jsonl", chats(CHAT_USER, {**CHAT_ANSWER, "weight": 0}), 1, 0),
        ("a.jsonl", chats(CHAT_USER, {**CHAT_ANSWER, "weight": "0"}), 1, 0),
        ("a.jsonl", chats({**CHAT_USER, "content": [{"type": "image_url"}]}, CHAT_ANSWER), 1, 0),
        ("a.jsonl", chats(CHAT_USER, CHAT_ANSWER) + chats(CHAT_SYSTEM), 2, 1),
    ],
)
def test_damaged_rows_are_reported_by_line_and_skipped_on_demand(
    tmp_path: Path, name: str, content: str | bytes, line: int, left: int
) -> None:
    source = file(tmp_path, name, content)
    with pytest.raises(DatasetError, match=rf"{name}, line {line}: "):
        plan_import(source, LABELS)
    reported: list[str] = []
    skip = SkipBad(reported.append)
    assert len(imported(source, remarks=skip)) == left
    assert any(f"{name}, line {line}: " in words for words in reported)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text,label,text\na,OTHER,b\n", '"text" appears 2 times'),
        ("Text,label,TEXT\na,OTHER,b\n", '"text" appears 2 times'),
        ("subject,label\na,OTHER\n", 'no column "text".*"subject", "label".*--text'),
        ("", "the file is empty"),
        (" \n\r\n", "the file is empty"),
        ("\ufeff", "the file is empty"),
        ('[{"text": "a", "label": "OTHER"}]', "one JSON document.*JSON lines"),
        ('{\n "text": "a",\n "label": "OTHER"\n}', "one JSON document"),
        ("<!DOCTYPE html><p>Sign in</p>", "a web page"),
        ('<?xml version="1.0"?><a/>', "XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old version of Office"),
        (b"%PDF-1.4\n%\xe2\xe3", "a PDF"),
        (b"BZh91AY&SY", "compressed"),
        (b"PK\x03\x04rest", "a zip archive or a workbook"),
        (b"\x1f\x8b\x08rest", "compressed"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_a_reason(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    with pytest.raises(DatasetError, match=words):
        plan_import(file(tmp_path, "a.csv", content), LABELS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"sep=;\ntext;label\n{GOOD};BILLING\n"),
        ("a.csv", f'"sep=;"\r\ntext;label\r\n{GOOD};BILLING\r\n'),
        ("a.csv", f'"text";"label"\r\n"{GOOD}";"BILLING"\r\n'),
        ("a.tsv", f'"text"\t"label"\n"{GOOD}"\t"BILLING"\n'),
        ("a.csv", f"text|label\n{GOOD}|BILLING\n"),
        ("a.tsv", f"text\tnote\tlabel\n{GOOD}\tx, y\tBILLING\n"),
        ("a.csv", f"TEXT,Label\n{GOOD},Billing\n"),
        ("a.csv", f" text , label \n{GOOD}, billing \n"),
        ("a.csv", f"text,label,\n{GOOD},BILLING,\n"),
        ("a.csv", f"text,label\n{GOOD},BILLING,\n,\n"),
        ("a.csv", f"text,label,when\n{GOOD},BILLING,1767225600000\n"),
        ("a.csv", f'text,"label\nof it",label\n{GOOD},x,BILLING\n'),
        ("a.csv", f'text,label\n{GOOD},"BILLING"'),
        ("a.ndjson", json.dumps({"Text": GOOD, "LABEL": "billing"})),
        ("a.jsonl", "\ufeff" + json.dumps({"text": GOOD, "label": "BILLING"}) + "\n\n"),
        ("a", json.dumps({"text": GOOD, "label": "BILLING"})),
        ("a", f"text,label\n{GOOD},BILLING\n"),
        ("a", '{ "text": "' + GOOD + '", "label": "BILLING" }'),
        ("a.json", json.dumps({"text": GOOD, "label": "BILLING"})),
        ("a.txt", f"text\tlabel\r\n{GOOD}\tBILLING\r\n"),
        ("a.csv", f"\n\ntext,label\n{GOOD},BILLING\n"),
        ("a.csv", f"text,label\n{GOOD},\ufeffBILLING\u200b\n"),
        ("a.csv", f"text,label\n{GOOD},\uff22\uff29\uff2c\uff2c\uff29\uff2e\uff27\n"),
        (
            "a.jsonl",
            chats(
                CHAT_SYSTEM,
                {"role": "developer", "content": "x"},
                {"role": "user", "content": [{"type": "text", "text": GOOD}]},
                {"role": "assistant", "content": '{"label": "BILLING"}', "weight": 1},
            ),
        ),
        ("a.jsonl", json.dumps({"messages": [{"by": "x"}], "text": GOOD, "label": "BILLING"})),
    ],
)
def test_files_of_spreadsheets_and_helpdesks_are_read(
    tmp_path: Path, name: str, content: str
) -> None:
    assert imported(file(tmp_path, name, content)) == [(GOOD, "BILLING")]


def test_a_field_longer_than_pythons_limit_is_read(tmp_path: Path) -> None:
    long = "x " * 70_000
    found = list(read(file(tmp_path, "a.csv", f'text,label\n"{long}",OTHER\n')))
    assert [one.text for one in found] == [long]


def test_all_bad_rows_are_listed_up_to_a_bound(tmp_path: Path) -> None:
    bad = file(tmp_path, "a.csv", "text,label\n" + "a,b,c\n" * (LISTED + 5))
    with pytest.raises(DatasetError) as caught:
        plan_import(bad, LABELS)
    assert str(caught.value).count("a.csv, line ") == LISTED
    assert "and 5 more bad rows" in str(caught.value)


def test_unknown_labels_are_listed_together_with_a_map_to_copy(tmp_path: Path) -> None:
    rows = "a b,Biling\nb c,biling\nc d,Money's worth\nd e,\x1b[31m\n"
    source = file(tmp_path, "a.csv", f"text,label\n{rows}")
    with pytest.raises(DatasetError) as caught:
        plan_import(source, LABELS)
    message = str(caught.value)
    assert 'line 2: label "Biling"' in message
    assert "similar labels: BILLING" in message
    assert "--map Biling=BILLING" in message
    assert """--map 'Money'"'"'s worth=LABEL'""" in message
    assert "\x1b" not in message
    renamed = {"biling": "billing", "Money's worth": "OTHER", "\x1b[31m": "OTHER"}
    assert [label for _, label in imported(source, renamed=renamed)] == [
        "BILLING",
        "BILLING",
        "OTHER",
        "OTHER",
    ]
    with pytest.raises(DatasetError, match=r'--map: "NONE" is not in triage\.toml'):
        plan_import(source, LABELS, {"Biling": "NONE"})
    skip = SkipBad()
    assert imported(source, remarks=skip) == []
    assert skip.count == 4


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Café wurde zweimal abgebucht: „sofort“ 5 €"),
        ("utf-8-sig", "Café"),
        ("utf-16", "Café"),
        ("utf-16-le", "Café was charged"),
        ("utf-16-be", "Café was charged"),
        ("utf-32", "Café"),
        ("cp932", "カードが二回請求されました"),
        ("euc_jp", "カードが二回請求されました"),
        ("iso2022_jp", "カードが二回請求されました"),
        ("gb18030", "我的卡被扣了两次款"),
        ("big5", "我的信用卡被扣款兩次"),
        ("cp949", "카드가 두 번 청구되었습니다"),
        ("cp1251", "Деньги списали дважды"),
        ("koi8_r", "Деньги списали дважды за подписку"),
        ("cp1250", "Prosím vraťte mi peníze žluťoučký kůň"),
        ("cp1253", "η κάρτα μου χρεώθηκε δύο φορές"),
        ("cp1256", "تم خصم المبلغ من بطاقتي مرتين"),
    ],
)
def test_encodings_are_detected_reported_and_overridden(
    tmp_path: Path, encoding: str, text: str
) -> None:
    source = file(tmp_path, "a.csv", f"text,label\n{text},OTHER\n".encode(encoding))
    notes: list[str] = []
    assert [row.text for row in read(source, RefuseAll(notes.append))] == [text]
    assert bool(notes) is (encoding != "utf-8-sig")
    named = Source(source.name, encoding=encoding)
    assert [row.text for row in read(named, RefuseAll(notes.append))] == [text]
    assert list(texts(Source(source.name, encoding=encoding))) == [text]


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    source = file(tmp_path, "a.csv", "text,label\na,OTHER\n")
    for name in ("latin-99", "rot13", "base64"):
        with pytest.raises(DatasetError, match=f'--encoding: "{name}"'):
            list(read(Source(source.name, encoding=name)))


def test_the_encoding_of_a_pipe_is_detected_from_its_start() -> None:
    class Pipe(io.BufferedReader):
        def seekable(self) -> bool:
            return False

    assert detected(Pipe(io.BytesIO(("é" * 20_000).encode()), 8_192)) == "utf-8-sig"
    assert detected(Pipe(io.BytesIO("Café\n".encode("cp1252")))) == "cp1252"


def test_named_columns_are_joined_and_cleaned(tmp_path: Path) -> None:
    html = "<p>It was <b>charged</b> twice &amp; late</p>"
    content = f'Subject,Body,Group,Created\nMy card,"{html}",Billing,2026-01-05T10:00:00Z\n'
    columns = Columns(("subject", "body"), "group", "created")
    name = file(tmp_path, "a.csv", content).name
    [row] = read(Source(name, columns))
    assert (row.text, row.label) == ("My card\n\nIt was charged twice & late", "Billing")
    assert float(row.when) == datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp()
    table = {"Subject": ["My card", None], "Body": [html, "b"], "Group": ["x", "y"]}
    pq.write_table(
        pa.table({**table, "Created": [datetime(2026, 1, 5, tzinfo=UTC), None]}), tmp_path / "a.pq"
    )
    found = list(read(Source(str(tmp_path / "a.pq"), columns)))
    assert [(one.text, one.when) for one in found] == [(row.text, "1767571200"), ("b", "")]
    with pytest.raises(DatasetError, match=r'no column "date".*--when'):
        list(read(Source(name, Columns(("subject",), "group", "date"))))


def test_parquet_columns_of_other_types_are_converted_or_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [1, 2], "label": ["OTHER", "OTHER"]}), tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match='row 1: "text" is a number, not text'):
        plan_import(Source(str(tmp_path / "a.parquet")), LABELS)
    labels = pa.array(["OTHER", "BILLING"]).dictionary_encode()
    pq.write_table(pa.table({"text": ["a b", "b c"], "label": labels}), tmp_path / "a.parquet")
    assert imported(Source(str(tmp_path / "a.parquet"))) == [("a b", "OTHER"), ("b c", "BILLING")]
    pq.write_table(pa.table({"text": ["a b", None]}), tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="row 2: needs a text"):
        list(texts(Source(str(tmp_path / "a.parquet"))))


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.ndjson", '{"text": "one"}\n', ["one"]),
        ("a.tsv", "text\tnote\none\tx\n", ["one"]),
        ("a.csv", "id,text\n1,one\n2,\n", ["one", ""]),
        ("a.txt", '{"text": "one"}\n\n', ['{"text": "one"}']),
        ("a.txt", "text\tnote\none\tx\n", ["one"]),
        ("a.txt", "[urgent] one\n", ["[urgent] one"]),
        ("a", "one\n  \ntwo, three\n", ["one", "two, three"]),
        ("a", "id,text\n1,one\n", ["one"]),
        ("a", "text, please\n", ["text, please"]),
        ("a.jsonl", chats(CHAT_SYSTEM, CHAT_USER), ["hello"]),
    ],
)
def test_texts_are_read_from_every_kind_of_file(
    tmp_path: Path, name: str, content: str, wanted: list[str]
) -> None:
    assert list(texts(file(tmp_path, name, content))) == wanted


def test_a_null_text_is_a_bad_row(tmp_path: Path) -> None:
    source = file(tmp_path, "a.jsonl", '{"text": "one"}\n{"text": null}\n')
    with pytest.raises(DatasetError, match=r"a\.jsonl, line 2: needs a text"):
        list(texts(source))
    assert list(texts(source, SkipBad())) == ["one"]


def test_texts_are_streamed_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.BufferedReader(io.BytesIO(b"one\ntwo\n"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines))
    assert list(texts(Source("-"))) == ["one", "two"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, ""),
        ("", ""),
        ("  ", ""),
        ("1.5", "1.5"),
        (1767225600, "1767225600"),
        ("1767225600000", "1767225600"),
        ("1767225600000000", "1767225600"),
        (1767225600000000000, "1767225600"),
        ("1.7672256E+12", "1767225600"),
        ("2026-01-01", "1767225600"),
        ("20260101", "1767225600"),
        ("2026-01-01T01:00:00+01:00", "1767225600"),
        ("2026-01-01 00:00:00", "1767225600"),
        ("2026-01-01 00:00:00 UTC", "1767225600"),
        ("2025-12-31 19:00:00 -0500", "1767225600"),
        ("Thu, 01 Jan 2026 00:00:00 +0000", "1767225600"),
        (datetime(2026, 1, 1, tzinfo=UTC), "1767225600"),
        ("2026/01/01 00:00:00", "1767225600"),
        ("01.01.2026 00:00", "1767225600"),
        ("1/1/2026", "1767225600"),
        ("12/31/2025 12:00 AM", "1767139200"),
        ("31/12/2025 00:00", "1767139200"),
        ("Jan 1, 2026 at 12:00 AM", "1767225600"),
        ("01/Jan/26 12:00 AM", "1767225600"),
        ("2026年1月1日", "1767225600"),
        ("46023", "1767225600"),
        (46023.5, "1767268800"),
    ],
)
def test_every_time_format_becomes_unix_seconds(given: object, wanted: str) -> None:
    assert parse_time(given) == wanted


@pytest.mark.parametrize(
    "given", ["inf", "-inf", "nan", "-1", "1e400", "01/02/2026", "soon", True, [1], 10**400]
)
def test_an_invalid_time_is_refused(given: object) -> None:
    with pytest.raises(TimeError):
        parse_time(given)
    with pytest.raises(TimeError, match="the day or the month may come first"):
        parse_time("03/01/2026")
    with pytest.raises(TimeError, match="future"):
        parse_time(str(time.time() + 200_000))


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_raise_dataset_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.csv", "a.jsonl", "a.parquet", "a"):
        path = folder / name
        path.write_bytes(b"text,label\n" + content if name == "a.csv" else content)
        for reader in (read, texts):
            try:
                for _ in reader(Source(str(path)), SkipBad()):
                    pass
            except DatasetError:
                continue


@pytest.mark.parametrize("kind", ["openai", "jsonl", "csv", "parquet"])
def test_markup_and_quotes_in_our_exports_are_read_back_unchanged(
    tmp_path: Path, kind: str
) -> None:
    rows = [
        ("Use the <p>paragraph</p> and \u2039quotes\u203a [INST]", "OTHER"),
        ("  spaced \u200b❤️\n> not a quote\n-- \nno signature ", "BILLING"),
        (f"long {'x' * 6_000}", "ACCOUNT"),
        ("<message>\nnested\n</message>", "TECHNICAL"),
    ]
    path = tmp_path / ("out.csv" if kind == "csv" else f"out.{kind}".replace("openai", "jsonl"))
    written(kind, path, rows)
    files = [file for file in sorted(tmp_path.iterdir()) if "originals" not in file.name]
    found = [(row.text, row.label) for file in files for row in read(Source(str(file)))]
    assert sorted(found) == sorted(rows)
