"""A single rule says if a text has words."""

from collections.abc import Sequence

import numpy as np
import pytest

from classifiers.base import Example, Vectors
from classifiers.embedding.index import EmbeddedIndex
from classifiers.text import has_words, without_emoji


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "?!…",
        "\u200b\u200d\ufeff\u2060",
        "\u3164\u3164",
        "\u2800",
        "\x00\x01\ufffd",
        ":tada: :+1:",
        ":請求書:",
        "😀👍🏽🇩🇪",
        "1\ufe0f\u20e3 \u2139\ufe0f",
        "https://example.org/orders/12?x=overdue+invoice",
        "<https://example.org>",
        "(see: https://example.org)"[5:],
        "HTTP://EXAMPLE.ORG, http://example.com.",
        "www.example.org",
        "example.org/pay",
        "https://пример.рф/счёт",
        "@someone",
        "@ava, @Зоя!",
        "#support",
        "jane@example.org",
        "mailto:jane@example.org",
        "<EMAIL_1> <PHONE_2>",
        "image.png",
        "IMG_0001.HEIC, scan-2026.11.pdf",
    ],
)
def test_texts_without_words(text: str) -> None:
    assert not has_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "refund",
        "404",
        "見積書",
        "https://example.org请问发票在哪里",
        "@ava请问发票",
        "@ava refund",
        "see https://example.org",
        "invoice.pdf is wrong",
        "问题:发票丢失:请帮忙",
        "ปัญหา",
        "Где мой заказ",
        "<EMAIL_1> is locked",
        "v1.2",
        "12.50",
    ],
)
def test_texts_with_words(text: str) -> None:
    assert has_words(text)


def test_emoji_names_are_removed_and_words_between_colons_stay() -> None:
    assert without_emoji("hi:tada: :請求書::c++: ok").split() == ["hi", "ok"]
    assert without_emoji("问题:发票丢失:请帮忙") == "问题:发票丢失:请帮忙"


def test_a_long_text_is_searched_quickly() -> None:
    for text in ("a." * 50_000, "a@" * 50_000, ":" * 100_000, "<A_" * 40_000, ":a" * 50_000):
        has_words(text)


class CountingEmbedder:
    """An embedder with the same vector for any text."""

    name = "same"

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 1), dtype=np.float32)


def test_examples_without_words_are_ignored_even_if_stored() -> None:
    index = EmbeddedIndex(CountingEmbedder())
    index.put([Example("1", "image.png", "BILLING"), Example("2", "refund", "BILLING")])
    assert [one.id for one in index.snapshot().examples] == ["2"]
    index.put([Example("2", ":tada:", "BILLING")])
    assert index.snapshot().examples == ()
