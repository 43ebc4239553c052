"""Slack's standard emoji names (from emoji-datasource 16, MIT), and parsing of names."""

import json
from functools import cache
from pathlib import Path

import sandbox

STATIC = Path(sandbox.__file__).with_name("static")


@cache
def standard_emoji() -> dict[str, str]:
    """Return the Unicode character of each standard short name, including aliases."""
    names: dict[str, str] = json.loads((STATIC / "emoji.json").read_text("utf-8"))
    return names


@cache
def first_names() -> dict[str, str]:
    """Return the name that Slack stores and sends, for each standard name or alias."""
    first: dict[str, str] = {}
    for name, character in standard_emoji().items():
        first.setdefault(character, name)
    return {name: first[character] for name, character in standard_emoji().items()}


def base_name(name: str) -> str:
    """Return a name without colons and skin tone: `:wave::skin-tone-3:` gives `wave`."""
    return name.strip(":").split("::", 1)[0]
