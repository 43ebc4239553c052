"""Translates provider errors into RefusedError or UnavailableError, with reason and advice."""

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
# The SDK does not validate responses: any field may be missing, or the body may not be an object.
UNREADABLE = (AttributeError, TypeError, KeyError, ValueError)


@cache
def certificates() -> ssl.SSLContext:
    """Return the trusted certificate authorities; cached, because loading takes 0.1 s."""
    return httpx2.create_ssl_context()


def shown(reason: object) -> str:
    """Return a provider's text as one short line without keys or addresses, safe to store."""
    line = " ".join(str(reason or "").split())
    printable = "".join(filter(str.isprintable, line))
    return redact(printable[:_REASON_CHARS]).text


def permission(reason: str) -> bool:
    """Return True if a 403 concerns the key's permissions, not the whole organisation."""
    return any(word in reason.casefold() for word in _PERMISSION)


@contextmanager
def translated(provider: str, key: str) -> Iterator[None]:
    """Translate the SDK's errors into ours; `key` is the setting that holds the API key."""
    try:
        yield
    except openai.APIStatusError as error:
        raise of_status(provider, key, error) from None
    except openai.APIConnectionError:
        raise UnavailableError(f"{provider} cannot be reached") from None
    except (openai.APIError, *UNREADABLE):
        raise UnavailableError(f"{provider} sent an invalid response") from None


@contextmanager
def reached(provider: str) -> Iterator[None]:
    """Translate the errors of plain HTTP requests into ours."""
    try:
        yield
    except httpx2.HTTPError:
        raise UnavailableError(f"{provider} cannot be reached") from None


def of_status(provider: str, key: str, error: openai.APIStatusError) -> FinetuneError:
    """Return our error for an HTTP error status."""
    reason = shown(_message(error.body) or error.message)
    status = error.status_code
    if error.code == "insufficient_quota":
        return RefusedError(
            f"{provider}: the account has no credit left. Add credit and start again."
        )
    if status == _UNAUTHORISED:
        # The provider's message is left out: it may contain parts of the key.
        return UnavailableError(f"{provider} rejects the key. Set a valid {key}.")
    if status in _PASSING or status >= _SERVER:
        return UnavailableError(f"{provider} answered {status}: {reason}", _wait(error))
    if status == _FORBIDDEN:
        return RefusedError(forbidden(provider, key, reason))
    return RefusedError(f"{provider} answered {status}: {reason}")


def forbidden(provider: str, key: str, reason: str) -> str:
    """Return the message for a 403, with what to do."""
    if permission(reason):
        return (
            f"{provider}: {key} lacks a permission ({reason}). Give it read and write permission "
            "for files, fine-tuning and models."
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
