"""Slack's refusals by cause and message, one line per cause; pure."""

from collections.abc import Mapping

from pydantic import ValidationError

from storage.messages import Frozen

KEPT_S = 7 * 24 * 3600
_MOST = 500  # a channel that is away for a week must not fill the storage
_PART = "\t"


class Problem(Frozen):
    """The advice on a refusal, and when it was noted (Unix seconds, 0 if unknown)."""

    said: str
    at: float = 0.0

    @classmethod
    def read(cls, stored: str) -> "Problem":
        """Read a stored problem; version 0.1 stored the bare advice."""
        try:
            return cls.model_validate_json(stored)
        except ValidationError:
            return cls(said=stored)


def field(what: str, about: str) -> str:
    """Return the name under which a problem of a message is stored."""
    return f"{what}{_PART}{about}" if about else what


def outdated(known: Mapping[str, Problem], now: float) -> list[str]:
    """Return the names of outdated problems: a week old, or older than the newest 500."""
    by_age = sorted(known, key=lambda name: known[name].at or now, reverse=True)
    old = [name for name in by_age[:_MOST] if 0 < known[name].at < now - KEPT_S]
    return [*old, *by_age[_MOST:]]


def told(known: Mapping[str, Problem], now: float) -> dict[str, str]:
    """Return the advice by refused part, with the newest message and the number of others."""
    gone = set(outdated(known, now))
    names = sorted(set(known) - gone, key=lambda name: known[name].at or now)
    messages: dict[str, list[str]] = {}
    said: dict[str, str] = {}
    for name in names:
        what, _, about = name.partition(_PART)
        said[what] = known[name].said
        messages.setdefault(what, []).extend([about] if about else [])
    return {what: said[what] + _of(messages[what]) for what in said}


def _of(messages: list[str]) -> str:
    if not messages:
        return ""
    more = f" and {len(messages) - 1} more" if len(messages) > 1 else ""
    return f" (message {messages[-1]}{more})"
