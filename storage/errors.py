"""The storage's errors, and the errors of Redis that become them.

    StorageError                  nothing was stored: retry later
    ├── StorageUnavailableError   the server is away, starting, failing over or full
    │   ├── StorageDeniedError    the server refuses our user: an operator must act
    │   └── InboxFullError        too many events wait (inbox.py)
    └── HoldError                 another process works on this message (records.py)
        ├── HeldError
        └── LostHoldError

Any other error of Redis is a bug, such as a wrong type or an error in a script. It stays what it
is, so that nobody takes it for an outage: an event that meets it counts a failed try.
"""

import re
from typing import Final

from redis import exceptions as theirs


class StorageError(Exception):
    """The storage could not do what was asked: try again later."""


class StorageUnavailableError(StorageError):
    """Redis did not answer or refused: retry later, and do not acknowledge what was not stored."""


class StorageDeniedError(StorageUnavailableError):
    """Redis refuses us until an operator corrects REDIS_URL, or the rights of its user."""


FAILURES: Final = (theirs.RedisError, theirs.RedisClusterException)
"""Every error of redis-py; RedisClusterException is not one of its RedisErrors."""

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
    theirs.InvalidResponse,  # no Redis answered: the connection is closed, and another one opened
    theirs.OutOfMemoryError,
    theirs.ReadOnlyError,
    theirs.AskError,  # and MovedError: a slot that moved more often than redis-py follows
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
"""Errors that have no class in redis-py, or that it wraps in another error's text."""
_CLUSTER_AWAY: Final = re.compile(r"cannot be connected|slots are not covered|could not agree")
_ARGUMENTS: Final = re.compile(
    r"\((\S+) .*\) of pipeline|, with args beginning with: .*", flags=re.DOTALL
)
_ADVICE: Final = {
    "OOM": "its memory is full: raise maxmemory, or lower [keep] days in triage.toml",
    "MISCONF": "it cannot write to its disk: make room there",
    "NOREPLICAS": "too few of its replicas answer",
    "READONLY": "it is a replica: wait for the failover, or name the master in REDIS_URL",
    "ACL failure in script": "give the user of REDIS_URL the right that is named here",
    "NOPERM": "give the user of REDIS_URL the right that is named here",
    **dict.fromkeys(_NO_DATABASE, "end REDIS_URL in a database that the server has, such as /0"),
    "DENIED": "it accepts only its own machine (protected mode): give its user a password",
    "NOAUTH": "put a password into REDIS_URL",
    "WRONGPASS": "correct the user or password in REDIS_URL",
}


def ours(error: Exception) -> StorageError | None:
    """Return the error of this module that an error of redis-py means; None for a bug.

    The text of a bug loses the arguments of its command, as they may hold people's words.
    """
    said = _ARGUMENTS.sub(_without_arguments, str(error))
    if _is(error, _DENIED, _DENIED_WORDS, said):
        return StorageDeniedError(_advised(error, said))
    if _is(error, _AWAY, _AWAY_WORDS, said) or _unreachable(error):
        return StorageUnavailableError(_advised(error, said))
    error.args = (said,)
    return None


def _is(
    error: Exception, kinds: tuple[type[Exception], ...], words: re.Pattern[str], said: str
) -> bool:
    return isinstance(error, kinds) or (
        isinstance(error, theirs.ResponseError | theirs.ClusterError) and bool(words.search(said))
    )


def _unreachable(error: Exception) -> bool:
    """Return True for a cluster with too few answering nodes."""
    return isinstance(error, theirs.SlotNotCoveredError) or (
        isinstance(error, theirs.RedisClusterException) and bool(_CLUSTER_AWAY.search(str(error)))
    )


def _without_arguments(found: re.Match[str]) -> str:
    return f"({found[1]}) of pipeline" if found[1] else ""


def _advised(error: Exception, said: str) -> str:
    code = getattr(error, "status_code", None) or ""
    words = _DENIED_WORDS.search(said) or _AWAY_WORDS.search(said)
    code = code if code in _ADVICE else words[1] if words else code
    advice = _ADVICE.get(code)
    return said if advice is None else f"{code}: {advice} ({said})"
