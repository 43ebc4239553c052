"""Read chat completions of any shape: servers may send anything."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from classifiers.base import Abstention, Usage
from classifiers.config import Price
from classifiers.llm.meter import Estimate, priced
from classifiers.llm.prompt import named
from classifiers.llm.thinking import thinks, without_thinking
from classifiers.tokens import text_tokens

_FILTERED = re.compile(
    r"content_filter|safety|prohibited_content|blocklist|recitation|sensitive", re.IGNORECASE
)
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
_BLOCKED = {"code": "content_filter"}
_READ_MAX = 65_536  # last characters that are read: the answer follows the thinking
_LEAST = 1e-9  # never 0, which would look like a missing probability


@dataclass(frozen=True, slots=True)
class Answer:
    """The text of an answer; without an answer it is "", and `reason` is set.

    `thinking` is True if the model thought before it answered, or did not answer.
    """

    text: str
    reason: Abstention | None = None
    thinking: bool = False

    @property
    def only_thinking(self) -> bool:
        """Return True if the model thought and gave no answer."""
        return self.thinking and not self.text


def read(completion: Any) -> Answer:
    """Return the answer of a completion, without thinking and without parts that were cut off."""
    choice = at(completion, "choices", 0)
    message, finish = at(choice, "message"), at(choice, "finish_reason")
    content, thoughts = _content(message)[-_READ_MAX:], _thoughts(message)[-_READ_MAX:]
    filtered = isinstance(finish, str) and _FILTERED.match(finish) is not None
    if _refuses(message) or (filtered and named(without_thinking(content)) is None):
        return Answer("", Abstention.REFUSED)
    thinking = bool(thoughts) or thinks(content) or _reasoned(completion)
    text = without_thinking(content)
    if finish == "length":
        text, thinking = _whole(text), thinking or not content.strip()
    elif not text.strip() and named(thoughts) is not None:
        text = thoughts  # the server's parser took the whole answer for thinking
    text = text.strip()
    return Answer(text, None if text else Abstention.BAD_ANSWER, thinking)


def certainty(completion: Any, label: str) -> float | None:
    """Return the probability of the label's tokens, or None without log-probabilities.

    Tokens around the label, such as quotes and braces, do not count, because a grammar may have
    forced them on the model.
    """
    steps = at(completion, "choices", 0, "logprobs", "content")
    tokens = [at(step, "token") for step in steps] if isinstance(steps, list) else []
    if not all(isinstance(token, str) for token in tokens):
        return None
    answer = _text(at(completion, "choices", 0, "message", "content"))
    start = answer.casefold().rfind(label.casefold())
    if start < 0 or "".join(tokens) != answer:
        return None
    end, total, place = start + len(label), 0.0, 0
    for token, step in zip(tokens, steps, strict=True):
        if place < end and place + len(token) > start:
            logprob = _logprob(at(step, "logprob"))
            if logprob is None:
                return None
            total += logprob
        place += len(token)
    return max(math.exp(total), _LEAST)


def usage(completion: Any, price: Price | None, expected: Estimate) -> Usage:
    """Return the tokens that the server reports; estimate missing or impossible numbers."""
    asked = _count(completion, expected.most_prompt, "prompt_tokens")
    answered = _count(completion, expected.most_completion, "completion_tokens")
    cached = 0
    if asked is None:
        asked = expected.prompt
    else:
        cached = _count(completion, asked, "prompt_tokens_details", "cached_tokens") or 0
    if answered is None:
        answered = min(_written(completion), expected.most_completion)
    return priced(price, asked, cached, answered)


def at(found: Any, *path: str | int) -> Any:
    """Return the value at `path` of a JSON document, or None."""
    for step in path:
        if isinstance(step, str):
            found = found.get(step) if isinstance(found, dict) else None
        else:
            found = found[step] if isinstance(found, list) and step < len(found) else None
    return found


def failure(completion: Any) -> Any:
    """Return the error that a server sends in place of a completion, or None.

    The error may be next to the choices or within a choice. A filtered prompt has no choices, and
    the reason is in other fields.
    """
    error = at(completion, "error") or at(completion, "choices", 0, "error")
    if error:
        return error
    if isinstance(at(completion, "choices", 0, "message"), dict):
        return None
    if at(completion, "promptFeedback", "blockReason") or _FILTERED.match(
        str(at(completion, "choices", 0, "finish_reason"))
    ):
        return _BLOCKED
    results = at(completion, "prompt_filter_results", 0, "content_filter_results")
    found = list(results.values()) if isinstance(results, dict) else []
    return _BLOCKED if any(at(result, "filtered") is True for result in found) else None


def _content(message: Any) -> str:
    """Return the text of a message, or else the arguments of its function call."""
    text = _text(at(message, "content"))
    calls = at(message, "tool_calls")
    call = at(message, "function_call")
    if isinstance(calls, list) and len(calls) == 1:
        call = at(calls, 0, "function")
    handed = at(call, "arguments")
    if text.strip() or handed is None:
        return text
    return handed if isinstance(handed, str) else json.dumps(handed)


def _refuses(message: Any) -> bool:
    content = at(message, "content")
    parts = content if isinstance(content, list) else []
    return bool(at(message, "refusal")) or any(at(part, "type") == "refusal" for part in parts)


def _text(content: Any) -> str:
    """Return the text of a message's content, which may be a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part if isinstance(part, str) else _part(part) for part in parts)


def _part(part: Any) -> str:
    kind, text = at(part, "type"), at(part, "text")
    return text if isinstance(text, str) and kind in ("text", "output_text", None) else ""


def _thoughts(message: Any) -> str:
    found = [at(message, name) for name in _THOUGHTS]
    content = at(message, "content")
    parts = content if isinstance(content, list) else []
    found += [part for part in parts if at(part, "type") in ("thinking", "reasoning")]
    return "".join(thought if isinstance(thought, str) else " " for thought in found if thought)


def _reasoned(completion: Any) -> bool:
    count = at(completion, "usage", "completion_tokens_details", "reasoning_tokens")
    return isinstance(count, int) and count > 0


def _whole(text: str) -> str:
    """Return the whole part of a cut-off answer: JSON to its last brace, or a whole first line."""
    text = text.strip(" \r\t\f\v").lstrip("\n")
    if text.startswith(("{", "```")):
        return text[: text.rfind("}") + 1]
    line, ended, _ = text.partition("\n")
    return line if ended and "{" not in line else ""  # JSON in it may be part of the thinking


def _logprob(found: Any) -> float | None:
    """Return a log-probability in [-1e6, 0], or None if the value is not a number."""
    if isinstance(found, bool) or not isinstance(found, float | int) or found != found:  # noqa: PLR0124 - NaN
        return None
    return max(-1e6, min(found, 0))


def _count(completion: Any, most: int, *path: str) -> int | None:
    count = at(completion, "usage", *path)
    if isinstance(count, bool) or not isinstance(count, int):
        return None
    return count if 0 < count <= most else None


def _written(completion: Any) -> int:
    message = at(completion, "choices", 0, "message")
    return text_tokens(_text(at(message, "content"))) + text_tokens(_thoughts(message))
