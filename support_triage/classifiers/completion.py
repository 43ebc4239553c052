"""What a chat completion says, however it is formed: the SDK does not check what servers send."""

import math
from typing import Any

from support_triage.classifiers.base import Abstention, Usage
from support_triage.classifiers.llm_config import Price


def content(completion: Any) -> tuple[str, Abstention | None]:
    """The text of an answer, or "" with the reason why there is none to read.

    Of an answer that was cut off, the lines that are whole are left.
    """
    choice = _at(completion, "choices", 0)
    finish, text = _at(choice, "finish_reason"), _at(choice, "message", "content")
    if _at(choice, "message", "refusal") or finish == "content_filter":
        return "", Abstention.REFUSED
    if finish == "length" and isinstance(text, str):
        text = text.rpartition("\n")[0] or None
    if not isinstance(text, str):
        return "", Abstention.BAD_ANSWER
    return text, None


def certainty(completion: Any, answer: str, label: str) -> float | None:
    """Probability of the label's tokens; None where the server gives no log-probabilities.

    Quotes, braces and white space around the label are not counted: a grammar may have forced
    them on a model that would have written something else.
    """
    steps = _at(completion, "choices", 0, "logprobs", "content")
    tokens = [_at(step, "token") for step in steps] if isinstance(steps, list) else []
    start = answer.casefold().rfind(label.casefold())
    if start < 0 or "".join(map(str, tokens)) != answer:
        return None
    end, total = start + len(label), 0.0
    place = 0
    for token, step in zip(tokens, steps, strict=True):
        inside = place < end and place + len(token) > start
        place += len(token)
        logprob = _at(step, "logprob")
        if inside and not isinstance(logprob, float | int):
            return None
        total += logprob if inside else 0.0
    return min(math.exp(total), 1.0)


def usage(completion: Any, price: Price | None) -> Usage:
    """Tokens as the server counted them; without a price they cost nothing."""
    asked = _count(completion, "prompt_tokens")
    cached = min(_count(completion, "prompt_tokens_details", "cached_tokens"), asked)
    answered = _count(completion, "completion_tokens")
    cost = 0.0 if price is None else price.cost_usd(asked, cached, answered)
    return Usage(asked, cached, answered, cost)


def _at(found: Any, *path: str | int) -> Any:
    """What lies at `path`, or None."""
    for step in path:
        if isinstance(step, str):
            found = getattr(found, step, None)
        else:
            found = found[step] if isinstance(found, list) and step < len(found) else None
    return found


def _count(completion: Any, *path: str) -> int:
    count = _at(completion, "usage", *path)
    return count if isinstance(count, int) and count > 0 else 0
