"""Bag-of-words views of texts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.local.tfidf import Words, fit_words, word_counts

_TEXTS = (
    "the printer is jammed",
    "printer out of paper",
    "the invoice is wrong",
    "pay the invoice",
)
_LABELS = np.array([0, 0, 1, 1])


@pytest.fixture
def words() -> Words:
    return fit_words(word_counts(_TEXTS), _LABELS, np.ones(4))


def test_a_text_is_most_similar_to_the_label_with_its_words(words: Words) -> None:
    counts = word_counts(["Printer!", "an INVOICE"])
    for scores in (words.likeness(counts), words.likelihood(counts)):
        assert scores.argmax(axis=1).tolist() == [0, 1]


def test_unseen_words_have_no_effect(words: Words) -> None:
    counts = word_counts(["", "unheard of words"])
    assert not words.likeness(counts)[0].any()
    known = word_counts(["printer", "printer qwertyuiop"])
    assert np.allclose(*words.likeness(known))
    assert np.allclose(*words.likelihood(known))


def test_a_rare_word_has_more_weight_than_a_common_word(words: Words) -> None:
    likeness = words.likeness(word_counts(["the invoice"]))[0]
    assert likeness[1] > 2 * likeness[0]


def test_a_text_with_more_weight_is_nearer_to_its_label(words: Words) -> None:
    heavy = fit_words(word_counts(_TEXTS), _LABELS, np.array([2.0, 1.0, 1.0, 1.0]))
    jammed = word_counts(["jammed"])
    assert heavy.likeness(jammed)[0, 0] > 1.1 * words.likeness(jammed)[0, 0]


def test_likelihood_is_that_of_naive_bayes() -> None:
    counts = word_counts(["a", "b", "b"])
    found = fit_words(counts, np.array([0, 0, 1]), np.ones(3)).likelihood(word_counts(["a"]))
    assert np.allclose(np.exp(found), [[1.02 / 2.04, 0.02 / 1.04]])


@given(st.lists(st.text(), max_size=5))
def test_any_text_is_counted_one_row_each(texts: list[str]) -> None:
    counts = word_counts(texts)
    assert counts.shape[0] == len(texts)
    assert (counts.data >= 1).all()


@pytest.mark.parametrize(
    "word",
    [
        "\u0939\u093f\u0928\u094d\u0926\u0940",  # Hindi
        "\u09ac\u09be\u0982\u09b2\u09be",  # Bengali
        "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd",  # Tamil
        "\u0c24\u0c46\u0c32\u0c41\u0c17\u0c41",  # Telugu
        "\u0d2e\u0d32\u0d2f\u0d3e\u0d33\u0d02",  # Malayalam
        "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22\u0e17\u0e35\u0e48",  # Thai
        "\u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u0629",  # Arabic
        "\u05e2\u05b4\u05d1\u05b0\u05e8\u05b4\u05d9\u05ea",  # Hebrew
        "\u1019\u103c\u1014\u103a\u1019\u102c",  # Burmese
        "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with its joiner
        "cafe\u0301",
    ],
)
def test_a_word_is_not_split_at_its_marks(word: str) -> None:
    assert word_counts([word]).nnz == 1
    assert word_counts([f"{word}, {word}"]).nnz == 2  # the word, and its pair with itself
