"""The storage's errors, and the errors of redis-py that are translated to them.

    StorageError                  nothing was stored: retry later
    ├── StorageUnavailableError   the server is down, starting, failing over or full
    │   ├── StorageDeniedError    the server refuses our user: an operator must act
    │   └── InboxFullError        too many events wait (inbox.py)
    └── HoldError                 another process holds this message (records.py)
        ├── HeldError
        └── LostHoldError

Any other error of redis-py is a bug, such as a wrong type or an error in a script. It is not
translated, so it does not look like an outage, and counts as a failed try of its event.
"""

import re
from typing import Final

from redis import exceptions as theirs


class StorageError(Exception):
    """The storage did not execute a request: retry later."""


class StorageUnavailableError(StorageError):
    """Redis did not answer or refused: retry later, and do not acknowledge unstored events."""


class StorageDeniedError(StorageUnavailableError):
    """Redis refuses us until an operator corrects REDIS_URL or the rights of its user."""


FAILURES: Final = (theirs.RedisError, theirs.RedisClusterException)
"""The base classes of all errors of redis-py; RedisClusterException is not a RedisError."""

_DENIED: Final = (
    theirs.AuthenticationError,
    theirs.AuthenticationWrongNumberOfArgsError,
    theirs.AuthorizationError,
    theirs.ExternalAuthProviderError,
    theirs.NoPermissionError,
)
_AWAY: Final = (
    theirs.ConnectionError,
    theirs.TimeoutError,
    theirs.InvalidResponse,  # the server is not a Redis; redis-py reconnects
    theirs.OutOfMemoryError,
    theirs.ReadOnlyError,
    theirs.AskError,  # also its subclass MovedError: redis-py follows only so many moves of a slot
    theirs.TryAgainError,
    theirs.ClusterDownError,
)
_NO_DATABASE: Final = ("DB index is out of range", "SELECT is not allowed in cluster mode")
_DENIED_WORDS: Final = re.compile(
    rf"\b(NOAUTH|NOPERM|WRONGPASS|DENIED|ACL failure in script|{'|'.join(_NO_DATABASE)})\b"
)
_AWAY_WORDS: Final = re.compile(
    r"\b(OOM|MISCONF|NOREPLICAS|READONLY|LOADING|BUSY|UNBLOCKED|MASTERDOWN|CLUSTERDOWN|TRYAGAIN"
    r"|TTL exhausted|max number of clients)\b"
)
"""Errors without a class in redis-py, or wrapped in the text of another error."""
_CLUSTER_AWAY: Final = re.compile(r"cannot be connected|slots are not covered|could not agree")
_ARGUMENTS: Final = re.compile(
    r"\((\S+) .*\) of pipeline|, with args beginning with: .*", flags=re.DOTALL
)
_ADVICE: Final = {
    "OOM": "Redis is out of memory. Raise maxmemory, or lower [keep] days in triage.toml.",
    "MISCONF": "Redis cannot write to its disk. Make room there.",
    "NOREPLICAS": "Too few replicas answer. Start them, or lower min-replicas-to-write.",
    "READONLY": "The server is a replica. Wait for the failover, or name the master in REDIS_URL.",
    "ACL failure in script": "Give the user of REDIS_URL the right that this error names.",
    "NOPERM": "Give the user of REDIS_URL the right that this error names.",
    **dict.fromkeys(_NO_DATABASE, "End REDIS_URL with a database that the server has, such as /0."),
    "DENIED": "Protected mode: Redis accepts local clients only. Give its user a password.",
    "NOAUTH": "Add a password to REDIS_URL.",
    "WRONGPASS": "Correct the user or password in REDIS_URL.",
}


def translate(error: Exception) -> StorageError | None:
    """Return the storage's error for an error of redis-py; None if the error is a bug.

    Remove the command's arguments from the text of a bug: they may quote people.
    """
    text = _ARGUMENTS.sub(_without_arguments, str(error))
    if _is(error, _DENIED, _DENIED_WORDS, text):
        return StorageDeniedError(_with_advice(error, text))
    if _is(error, _AWAY, _AWAY_WORDS, text) or _unreachable(error):
        return StorageUnavailableError(_with_advice(error, text))
    error.args = (text,)
    return None


def _is(
    error: Exception, kinds: tuple[type[Exception], ...], words: re.Pattern[str], text: str
) -> bool:
    return isinstance(error, kinds) or (
        isinstance(error, theirs.ResponseError | theirs.ClusterError) and bool(words.search(text))
    )


def _unreachable(error: Exception) -> bool:
    """Return True if too few nodes of a cluster answer."""
    return isinstance(error, theirs.SlotNotCoveredError) or (
        isinstance(error, theirs.RedisClusterException) and bool(_CLUSTER_AWAY.search(str(error)))
    )


def _without_arguments(found: re.Match[str]) -> str:
    return f"({found[1]}) of pipeline" if found[1] else ""


def _with_advice(error: Exception, text: str) -> str:
    code = getattr(error, "status_code", None) or ""
    words = _DENIED_WORDS.search(text) or _AWAY_WORDS.search(text)
    code = code if code in _ADVICE else words[1] if words else code
    advice = _ADVICE.get(code)
    return text if advice is None else f"{code}: {advice} ({text})"
