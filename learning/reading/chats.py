"""Reads the chats of a training file: a user turn with the message, an answer with the label."""

import hashlib
import json
from collections import defaultdict, deque
from itertools import dropwhile
from pathlib import PurePath
from typing import Any, Final

from classifiers.printable import printable
from learning.errors import DatasetError
from learning.reading.opening import exists, opened

ORIGINAL_OF: Final = "original_of"
"""The key that marks a row as the original of a chat, not a row to import."""
_FIRST: Final = ("system", "developer")
_NOT_OURS = "not a chat of a training file: a user turn, then an answer"
_ROLES_LISTED: Final = 6


class ChatError(ValueError):
    """A chat cannot be used; the message says why."""


def message_of(question: str) -> str:
    """Return the text between the delimiters of the prompt."""
    return question.removeprefix("<message>\n").removesuffix("\n</message>")


def chat(turns: Any, *, labelled: bool) -> tuple[str, str | None]:
    """Return the content of the user turn and the label of the answer.

    A chat is any number of system turns, one user turn and one answer; the answer may be missing
    if `labelled` is False. Raise ChatError for any other chat, and for an answer of weight 0:
    providers do not train on it.
    """
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise ChatError(_NOT_OURS)
    rest = list(dropwhile(lambda turn: turn.get("role") in _FIRST, turns))
    roles = [turn.get("role") for turn in rest]
    if roles != ["user", "assistant"] and (labelled or roles != ["user"]):
        listed = ", ".join(printable(str(role), 20) for role in roles[:_ROLES_LISTED]) or "none"
        raise ChatError(f"{_NOT_OURS}; its turns are {listed}")
    return _words(rest[0].get("content")), _label(rest[1]) if labelled else None


def _words(content: Any) -> str:
    """Return the content of a turn, which may be a list of parts of text."""
    parts = content if isinstance(content, list) and content else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    words = [text for text in texts if isinstance(text, str)]
    if len(words) < len(texts):
        raise ChatError(f"{_NOT_OURS}, both of text")
    return "".join(words)


def _label(turn: dict[str, Any]) -> str:
    weight = turn.get("weight")
    if weight is not None and weight != 1:
        raise ChatError(
            f"the answer has weight {printable(str(weight), 20)}; only weight 1 is imported"
        )
    try:
        label = json.loads(_words(turn.get("content")))["label"]
    except (TypeError, KeyError, ValueError, RecursionError):
        raise ChatError(f'{_NOT_OURS} such as {{"label": "NAME"}}') from None
    if not isinstance(label, str):
        raise ChatError(_NOT_OURS)
    return label


def digest(asked: str, label: str) -> str:
    """Return the hash of a chat's user turn and label, which identifies its original text."""
    return hashlib.sha256(f"{label}\n{asked}".encode()).hexdigest()[:24]


def originals_path(name: PurePath) -> PurePath:
    """Return the path of the originals of NAME.jsonl and NAME.validation.jsonl."""
    stem = name.stem.removesuffix(".validation")
    return name.with_name(f"{stem}.originals{name.suffix}")


class Originals:
    """The original texts of chats, from NAME.originals.jsonl: prompts contain cleaned texts."""

    def __init__(self, name: str) -> None:
        self._texts: defaultdict[str, deque[str]] = defaultdict(deque)
        folder, slash, last = name.rpartition("/")
        if last in ("", "-"):
            return
        path = f"{folder}{slash}{originals_path(PurePath(last))}"
        if not exists(path):
            return
        try:
            with opened(path) as file:
                for line in file:
                    self._add(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise DatasetError(
                f"{path}: not the originals of {name}. Move or rename the file."
            ) from None

    def _add(self, line: bytes) -> None:
        found = json.loads(line)
        if not isinstance(found["text"], str):
            raise TypeError
        self._texts[found[ORIGINAL_OF]].append(found["text"])

    def of(self, asked: str, label: str) -> str | None:
        """Return the next original text of a chat, or None if no other text is stored."""
        waiting = self._texts.get(digest(asked, label)) if self._texts else None
        return waiting.popleft() if waiting else None
