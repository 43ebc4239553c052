"""Stored text is well-formed, without control characters, and not too long."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import (
    KEPT_CHARS,
    all_well_formed,
    kept,
    legible,
    shortened,
    well_formed,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("given_text", "found"),
    [
        ("twice \ud83d", "twice \ufffd"),
        ("\ude00 first", "\ufffd first"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        ("plain", "plain"),
    ],
)
def test_surrogates_are_joined_or_replaced(given_text: str, found: str) -> None:
    assert well_formed(given_text) == found


@given(ANY_TEXT)
def test_any_text_becomes_well_formed_once(text: str) -> None:
    mended = well_formed(text)
    assert mended.encode().decode() == mended == well_formed(mended)


def test_every_text_in_a_json_value_becomes_well_formed() -> None:
    value = json.loads('{"a\\ud83d": ["\\ude00", {"b": "x\\ud83d\\ude00"}], "n": 1}')
    assert all_well_formed(value) == {"a\ufffd": ["\ufffd", {"b": "x\U0001f600"}], "n": 1}


def test_control_characters_are_removed_and_line_ends_stay() -> None:
    assert legible("a\x00b\x1b[31m\tc\r\nd\x85\x9b") == "ab[31m\tc\r\nd\x85"


def test_a_long_text_keeps_its_start_and_end_with_a_mark() -> None:
    text = "start " + "word " * 7_799 + "end"
    found = kept(text)
    assert len(found) <= KEPT_CHARS
    assert found.startswith("start word")
    assert found.endswith("word end")
    assert "[… cut: 39,004 characters …]" in found
    assert kept(found) == found


@given(ANY_TEXT, st.integers(20, 60))
def test_a_shortened_text_fits_the_limit(text: str, limit: int) -> None:
    assert len(shortened(text, limit)) <= limit
