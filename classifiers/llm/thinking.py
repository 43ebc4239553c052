"""Separate the thinking of a model from its answer."""

import re

_NAMES = "think|thinking|thoughts?|reasoning|reflection|analysis|seed:think"
_OPENING = re.compile(
    rf"<(?:{_NAMES})>|\[think\]|\u25c1think\u25b7|<\|channel\|>analysis", re.IGNORECASE
)
_CLOSING = re.compile(
    rf"</(?:{_NAMES})>|\[/think\]|\u25c1/think\u25b7|<\|channel\|>final<\|message\|>",
    re.IGNORECASE,
)


def thinks(text: str) -> bool:
    """Return True if a text has a tag that opens or closes thinking."""
    return bool(_OPENING.search(text) or _CLOSING.search(text))


def without_thinking(text: str) -> str:
    """Return the text after the last thinking, or before the first if nothing follows it.

    The opening tag may be part of the chat template, so a text may have only the closing tag.
    Thinking without an end is removed up to the end of the text.
    """
    ends = [found.end() for found in _CLOSING.finditer(text)]
    rest = _before_thinking(text[ends[-1] :] if ends else text)
    return rest if rest.strip() else _before_thinking(text)


def _before_thinking(text: str) -> str:
    opening = _OPENING.search(text)
    if opening is not None:
        return text[: opening.start()]
    closing = _CLOSING.search(text)
    return text if closing is None else ""
