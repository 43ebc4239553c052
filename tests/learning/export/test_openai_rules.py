"""Training files that a provider would refuse are reported before the upload."""

import json
from pathlib import Path
from typing import Any

import pytest

from learning.export import openai_rules
from learning.export.openai_rules import problems

USER = {"role": "user", "content": "hello"}
ANSWER = {"role": "assistant", "content": '{"label": "OTHER"}'}


def file_of(path: Path, chats: list[Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in chats))
    return path


def chats(count: int, start: int = 0) -> list[Any]:
    return [
        {"messages": [{"role": "user", "content": f"text {start + n}"}, ANSWER]}
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("chat", "words"),
    [
        ([], "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [USER, ANSWER], "label": "x"}, "messages"),
        ({"messages": [USER, ANSWER | {"text": "x"}]}, "needs role and content"),
        ({"messages": [{"role": "owner", "content": "x"}, ANSWER]}, "needs role and content"),
        ({"messages": [USER | {"content": ""}, ANSWER]}, "is empty"),
        ({"messages": [USER | {"content": None}, ANSWER]}, "is empty"),
        ({"messages": [ANSWER, USER]}, "the last message is not the assistant's"),
    ],
)
def test_a_line_that_would_be_refused_is_reported(tmp_path: Path, chat: Any, words: str) -> None:
    train = file_of(tmp_path / "t.jsonl", [*chats(9), chat, *chats(1, 9)])
    [found] = problems(train)
    assert found.startswith("t.jsonl, line 10: ")
    assert words in found


def test_too_few_too_large_and_shared_examples_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = file_of(tmp_path / "t.jsonl", chats(9))
    assert problems(train) == ["t.jsonl: 9 examples, but at least 10 are needed"]
    train = file_of(tmp_path / "t.jsonl", chats(12))
    assert problems(train, file_of(tmp_path / "v.jsonl", chats(3, 50))) == []
    shared = file_of(tmp_path / "v.jsonl", [*chats(1, 50), *chats(1, 4)])
    assert problems(train, shared) == ["t.jsonl, line 5: is in v.jsonl too"]
    monkeypatch.setattr(openai_rules, "BYTES_MAX", 100)
    assert problems(train)[0].startswith("t.jsonl: larger than")
    train.write_bytes(b"\xef\xbb\xbf" + train.read_bytes() + b"\xff\n")
    monkeypatch.undo()
    assert problems(train) == ["t.jsonl, line 13: is not JSON in UTF-8"]
