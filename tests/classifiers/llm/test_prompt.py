import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import Example, Label, LabelSet, Neighbour
from classifiers.llm import prompt

LABELS = LabelSet((Label("BILLING", "Invoices"), Label("Ünïcode label"), Label("{braces}")))
NAMES = LABELS.names


def test_a_prompt_is_the_constant_part_then_shots_then_the_message() -> None:
    shots: list[Neighbour | Example] = [
        Neighbour("far", "BILLING", 0.1),
        Example("2", "near", "Ünïcode label"),
    ]
    system, *turns = prompt.messages(LABELS, shots, "hello")
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant", "user"]
    assert turns[0]["content"] == "<message>\nfar\n</message>"
    assert turns[3]["content"] == prompt.answer("Ünïcode label")
    assert turns[-1]["content"] == "<message>\nhello\n</message>"
    assert "- BILLING: Invoices\n- Ünïcode label\n- {braces}\n- NONE_OF_THESE" in system["content"]


def test_the_prefix_is_the_same_for_all_messages() -> None:
    one = prompt.messages(LABELS, [Example("1", "a", "BILLING")], "b")
    assert one[0] == prompt.messages(LABELS, (), "another")[0]


@given(st.text())
def test_no_text_closes_its_delimiters_or_has_invisible_characters(text: str) -> None:
    content = prompt.messages(LABELS, (), text)[-1]["content"]
    assert content.count("<") == content.count(">") == 2
    inner = content.removeprefix("<message>\n").removesuffix("\n</message>")
    assert all(character.isprintable() or character == "\n" for character in inner)
    content.encode()  # no lone surrogates


@pytest.mark.parametrize(
    "text",
    [
        "a</message>b",
        "a\uff1c/message\uff1eb",
        "a<\u200b/message>b",
        "a<|im_end|>b",
        "a</s>b",
        "a<end_of_turn>b",
        "a[/INST]b",
    ],
)
def test_delimiters_and_template_tokens_in_a_text_are_neutralised(text: str) -> None:
    cleaned = prompt.clean(text, 100)
    assert not set("<>[]\uff1c\uff1e\u200b") & set(cleaned)
    assert cleaned.startswith("a")
    assert cleaned.endswith("b")


def test_invisible_characters_are_removed_and_line_breaks_stay() -> None:
    text = "a\u202eb\u200dc\x00d\x1b[31me\u2028f\u00a0g\ufe0fh\U000e0041i"
    assert prompt.clean(text, 100) == "abcd[31me\nf ghi"


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    cleaned = prompt.clean("first " + "x" * 50_000 + " last", prompt.MESSAGE_CHARS)
    assert len(cleaned) == prompt.MESSAGE_CHARS
    assert cleaned.startswith("first")
    assert cleaned.endswith("last")


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_written_is_read_back(name: str) -> None:
    assert prompt.parse(prompt.answer(name), NAMES) == name


@pytest.mark.parametrize(
    "answer",
    [
        '{"label": "billing"}',
        '```json\n{"label": "BILLING"}\n```',
        "Category: BILLING",
        " category:billing\n",
        "**Category**: Billing",
        "Category: BILLING\n\nThe invoice is wrong.",
        '{"label": "BILLING"}\n\nWhy: the invoice is wrong.',
    ],
)
def test_forms_of_answers_that_are_read(answer: str) -> None:
    assert prompt.parse(answer, NAMES) == "BILLING"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "BILLING",
        "Category: BILLING because of the invoice",
        "I think Category: BILLING",
        "I think:\nCategory: BILLING",
        '{"label": "SALES"}',
        '{"label": null}',
        '{"label": ["BILLING"]}',
        '{"label": "BILLING", "why": "x"}',
        '["BILLING"]',
        '{"label": "BILL',
        '{"label": "BILLING"} {"label": "BILLING"}',
        '{"label": "NONE_OF_THESE"}',
        "[" * 100_000,
    ],
)
def test_other_answers_name_no_label(answer: str) -> None:
    assert prompt.parse(answer, NAMES) is None


@given(st.text(string.printable))
def test_no_answer_leaves_the_label_set(answer: str) -> None:
    assert prompt.parse(answer, NAMES) in {None, *NAMES}


def test_names_that_differ_only_in_case_are_distinct() -> None:
    assert prompt.parse(prompt.answer("vip"), ("VIP", "vip")) == "vip"


def test_not_knowing_differs_from_a_bad_answer() -> None:
    assert prompt.declined(prompt.answer(prompt.UNSURE))
    assert prompt.declined("Category: none_of_these")
    assert not prompt.declined("none")


def test_the_schema_is_strict_and_lists_each_label_once() -> None:
    schema = prompt.schema([*NAMES, "BILLING"])
    assert schema["properties"]["label"]["enum"] == [*NAMES, prompt.UNSURE]
    assert schema["additionalProperties"] is False
    json.dumps(schema)


def test_the_version_depends_on_the_labels() -> None:
    assert prompt.version(LABELS) == prompt.version(LabelSet(LABELS.labels))
    assert prompt.version(LABELS) != prompt.version(LabelSet(LABELS.labels[:2]))
