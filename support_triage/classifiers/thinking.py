"""Answers of models that think aloud: where their thinking ends, and what they say then."""

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
    """Whether a text holds thinking, by its tags."""
    return bool(_OPENING.search(text) or _CLOSING.search(text))


def without_thinking(text: str) -> str:
    """What stands after the last thinking, or before the first where nothing follows.

    Chat templates may have written the opening tag, so that the closing one stands alone.
    Thinking that does not end is left out to the end.
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
