"""What a provider's errors mean for a job: no for good, or not now; with its reason, and advice."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx2
import openai

from classifiers.redaction.redact import redact
from learning.finetune.backend import FinetuneError, RefusedError, UnavailableError
from learning.finetune.shutdown_dates import CLOSED

_REASON_CHARS = 300
_PERMISSION = ("scope", "permission", "role")
_UNAUTHORISED, _FORBIDDEN, _TOO_MANY = 401, 403, 429
_PASSING = frozenset({408, 409, 425, _TOO_MANY})
_SERVER = 500
# The SDK does not check what servers send: an answer may lack any field, or be no object at all.
UNREADABLE = (AttributeError, TypeError, KeyError, ValueError)


@cache
def certificates() -> ssl.SSLContext:
    """The authorities that are trusted, read once: a tenth of a second."""
    return httpx2.create_ssl_context()


def shown(reason: object) -> str:
    """A provider's words as they may be stored and shown: one line, short, no keys or addresses."""
    line = " ".join(str(reason or "").split())
    printable = "".join(filter(str.isprintable, line))
    return redact(printable[:_REASON_CHARS]).text


def permission(reason: str) -> bool:
    """Whether a 403 is about the key's rights rather than about the whole organisation."""
    return any(word in reason.casefold() for word in _PERMISSION)


@contextmanager
def translated(provider: str, key: str) -> Iterator[None]:
    """Turn the SDK's errors into ours; `key` is the setting that holds the API key."""
    try:
        yield
    except openai.APIStatusError as error:
        raise of_status(provider, key, error) from None
    except openai.APIConnectionError:
        raise UnavailableError(f"{provider} cannot be reached") from None
    except (openai.APIError, *UNREADABLE):
        raise UnavailableError(f"{provider} answered something unreadable") from None


@contextmanager
def reached(provider: str) -> Iterator[None]:
    """The same for requests that are not the SDK's."""
    try:
        yield
    except httpx2.HTTPError:
        raise UnavailableError(f"{provider} cannot be reached") from None


def of_status(provider: str, key: str, error: openai.APIStatusError) -> FinetuneError:
    """What an answer that is an error means."""
    reason = shown(_message(error.body) or error.message)
    status = error.status_code
    if error.code == "insufficient_quota":
        return RefusedError(f"{provider}: the account's credit is spent: add some, start again")
    if status == _UNAUTHORISED:
        # Its words may hold parts of the key.
        return UnavailableError(f"{provider} rejects the key: set a valid {key}")
    if status in _PASSING or status >= _SERVER:
        return UnavailableError(f"{provider} answered {status}: {reason}", _wait(error))
    if status == _FORBIDDEN:
        return RefusedError(forbidden(provider, key, reason))
    return RefusedError(f"{provider} answered {status}: {reason}")


def forbidden(provider: str, key: str, reason: str) -> str:
    """What a 403 means, and what to do."""
    if permission(reason):
        return (
            f"{provider}: {key} lacks a permission ({reason}): give it files, fine-tuning and "
            "model rights, read and write"
        )
    return f"{CLOSED} ({reason})" if provider == "OpenAI" else f"{provider} answered 403: {reason}"


def _message(body: object) -> Any:
    found = body.get("message") if isinstance(body, dict) else None
    return found if isinstance(found, str) else None


def _wait(error: openai.APIStatusError) -> float | None:
    try:
        return float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
