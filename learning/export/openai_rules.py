"""Checks training files by OpenAI's rules, before anything is uploaded."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from classifiers.plural import plural

EXAMPLES_MIN = 10
BYTES_MAX = 512 * 1024 * 1024
_ROLES = {"system", "user", "assistant"}
_KEYS = {"role", "content", "name", "weight"}
_SHOWN = 5


def problems(train: Path, validation: Path | None = None) -> list[str]:
    """Return a line for each reason for which a provider would refuse these files."""
    found: list[str] = []
    seen: set[bytes] = set()
    for path in filter(None, (validation, train)):
        if path.stat().st_size > BYTES_MAX:
            found.append(f"{path.name}: larger than {BYTES_MAX >> 20} MB")
        count = 0
        for number, line in enumerate(_lines(path), start=1):
            count += 1
            if (wrong := _wrong(line)) is not None and len(found) < _SHOWN:
                found.append(f"{path.name}, line {number}: {wrong}")
            digest = hashlib.sha256(line).digest()[:12]
            if path == validation:
                seen.add(digest)
            elif digest in seen:
                found.append(f"{path.name}, line {number}: is in {validation.name} too")  # type: ignore[union-attr]
        if path == train and count < EXAMPLES_MIN:
            found.append(
                f"{path.name}: {plural(count, 'example')}, but at least {EXAMPLES_MIN} are needed"
            )
    return found


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _wrong(line: bytes) -> str | None:
    """Return the fault of a line of a training file, or None."""
    try:
        chat: Any = json.loads(line)
    except ValueError:
        return "is not JSON in UTF-8"
    turns = chat.get("messages") if isinstance(chat, dict) and chat.keys() == {"messages"} else None
    if not isinstance(turns, list) or not turns or not all(isinstance(t, dict) for t in turns):
        return 'is not an object whose only key is "messages"'
    for turn in turns:
        if not {"role", "content"} <= turn.keys() <= _KEYS or turn["role"] not in _ROLES:
            return f"a message has the keys {', '.join(map(str, turn))}; it needs role and content"
        if not isinstance(turn["content"], str) or not turn["content"]:
            return "a message is empty"
    if turns[-1]["role"] != "assistant":
        return "the last message is not the assistant's"
    return None
