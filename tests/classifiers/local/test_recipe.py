"""Recipes survive a round trip through bytes, and other bytes are rejected."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import ClassifierSetupError
from classifiers.local.recipe import Recipe

_POSITIVE = st.floats(1e-6, 1e6)


@given(_POSITIVE, _POSITIVE)
def test_a_recipe_is_read_as_it_was_written(c: float, phrase_weight: float) -> None:
    recipe = Recipe(c=c, phrase_weight=phrase_weight)
    assert Recipe.from_bytes(recipe.to_bytes()) == recipe


@given(st.binary(max_size=200))
def test_other_bytes_are_rejected(content: bytes) -> None:
    with pytest.raises(ClassifierSetupError, match="not a recipe"):
        Recipe.from_bytes(content)


def test_pickles_are_never_read() -> None:
    file = io.BytesIO()
    np.savez(file, format=np.array([object()], dtype=object))
    with pytest.raises(ClassifierSetupError, match="not a recipe"):
        Recipe.from_bytes(file.getvalue())


def test_invalid_numbers_are_rejected() -> None:
    with pytest.raises(ClassifierSetupError, match="numbers"):
        Recipe.from_bytes(Recipe(c=float("nan")).to_bytes())
