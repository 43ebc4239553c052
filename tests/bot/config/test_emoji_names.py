"""Every name of an emoji maps to its standard name."""

import unicodedata
from collections import defaultdict

import pytest

from bot.config.emoji_names import is_emoji_name, standard_name
from sandbox.workspace.emoji import first_names, standard_emoji


def test_every_name_of_an_emoji_maps_to_the_name_that_slack_sends() -> None:
    names = defaultdict(list)
    for name, character in standard_emoji().items():
        names[character].append(name)
    assert sum(len(same) > 1 for same in names.values()) == 58
    for name in standard_emoji():
        assert standard_name(name) == first_names()[name]


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("telephone", "phone"),
        (":thumbsup:", "+1"),
        (":thumbsup::skin-tone-3:", "+1"),
        ("wave::skin-tone-6", "wave"),
        (unicodedata.normalize("NFD", "が"), "が"),
        ("請求書", "請求書"),
        ("kasse", "kasse"),
    ],
)
def test_a_name_has_one_standard_form(name: str, standard: str) -> None:
    assert standard_name(name) == standard


@pytest.mark.parametrize(
    "name",
    [
        "moneybag",
        "+1",
        "e-mail",
        "請求書",
        "サポート",
        "счёт",
        "ปัญหา",
        "बिल",
        "rock_'n'_roll",
        "c3po",
    ],
)
def test_names_that_slack_allows(name: str) -> None:
    assert is_emoji_name(name)


@pytest.mark.parametrize(
    "name", ["", "Moneybag", "two words", "a.b", "a:b", "💰", "a\u200bb", "Счёт", "a\nb", "a,b"]
)
def test_names_that_slack_refuses(name: str) -> None:
    assert not is_emoji_name(name)
