"""Calls that Slack refused, by cause and message, summarised to one line per cause; pure."""

from collections.abc import Mapping

from pydantic import ValidationError

from storage.messages import Frozen

KEPT_S = 7 * 24 * 3600
_MOST = 500  # a channel that is unreachable for a week must not fill the storage
_PART = "\t"


class Problem(Frozen):
    """The advice on a refused call, and its time (Unix seconds, 0 if unknown)."""

    said: str
    at: float = 0.0

    @classmethod
    def read(cls, stored: str) -> "Problem":
        """Parse a stored problem; version 0.1 stored only the advice."""
        try:
            return cls.model_validate_json(stored)
        except ValidationError:
            return cls(said=stored)


def field(what: str, about: str) -> str:
    """Return the name of the stored field for a problem of a message."""
    return f"{what}{_PART}{about}" if about else what


def outdated(known: Mapping[str, Problem], now: float) -> list[str]:
    """Return the names of problems to drop: a week old, or beyond the newest 500."""
    by_age = sorted(known, key=lambda name: known[name].at or now, reverse=True)
    old = [name for name in by_age[:_MOST] if 0 < known[name].at < now - KEPT_S]
    return [*old, *by_age[_MOST:]]


def summaries(known: Mapping[str, Problem], now: float) -> dict[str, str]:
    """Return the advice by refused call, with the newest message and the number of others."""
    dropped = set(outdated(known, now))
    names = sorted(set(known) - dropped, key=lambda name: known[name].at or now)
    messages: dict[str, list[str]] = {}
    advice: dict[str, str] = {}
    for name in names:
        what, _, about = name.partition(_PART)
        advice[what] = known[name].said
        messages.setdefault(what, []).extend([about] if about else [])
    return {what: advice[what] + _of(messages[what]) for what in advice}


def _of(messages: list[str]) -> str:
    if not messages:
        return ""
    more = f" and {len(messages) - 1} more" if len(messages) > 1 else ""
    return f" (message {messages[-1]}{more})"
