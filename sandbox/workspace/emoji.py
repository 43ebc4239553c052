"""Slack's emoji names: the standard ones (from emoji-datasource 16, MIT) and how to read a name."""

import json
from functools import cache
from pathlib import Path

import sandbox

STATIC = Path(sandbox.__file__).with_name("static")


@cache
def standard_emoji() -> dict[str, str]:
    """Every standard short name with its unicode character, aliases included."""
    names: dict[str, str] = json.loads((STATIC / "emoji.json").read_text("utf-8"))
    return names


@cache
def first_names() -> dict[str, str]:
    """The name by which Slack keeps and sends each standard emoji, by any of its names."""
    first: dict[str, str] = {}
    for name, character in standard_emoji().items():
        first.setdefault(character, name)
    return {name: first[character] for name, character in standard_emoji().items()}


def base_name(name: str) -> str:
    """The name without colons and skin tone: `:wave::skin-tone-3:` is `wave`."""
    return name.strip(":").split("::", 1)[0]
