"""Find the cause of a rejected request: the message, a field, a setting or the server."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

_KEYS = {"code", "param", "type", "message", "msg", "loc", "detail", "status", "reason", "reasons"}
_KEYS |= {"error", "innererror", "metadata", "raw"}
_CHARS, _DEPTH = 4_000, 6
_TOO_LONG = re.compile(
    r"context.?(length|size|window)|too.?long|maximum (context|prompt|input)|input.?length|n_ctx"
    r"|(too large|exceed\w*)[^.]{0,60}\btokens?\b|\btokens?\b[^.]{0,60}exceed|above_max_length"
)
_REFUSED = re.compile(
    r"content.?(filter|management|moderation)|invalid.?prompt|polic(y|ies)|flagged|moderation"
    r"|responsible.?ai|safety|harmful|inappropriate|prohibited|jailbreak|guardrail|offensive"
    r"|sensitive.?(content|word|info|topic)|data.?inspection|violat|unsafe"
    r"|content.?exists.?risk|\u654f\u611f|\u4e0d\u5b89\u5168|(content|prompt|input)[^.]{0,30}(blocked|refused|rejected)"
)
_FLAGGED = re.compile(r"flagged|moderation|content.?(filter|policy)")
_KEY = re.compile(
    r"(invalid|incorrect|wrong|missing|expired).{0,20}api.?key|api.?key.{0,20}(not|in)"
)
_MODEL = re.compile(
    r"model[^.]{0,80}(not found|not exist|unknown|not available|decommission|deprecat|retired)"
    r"|(invalid|unknown|no such).{0,10}model|no models? (is |are )?loaded"
)
_QUOTA = re.compile(
    r"insufficient.?(quota|balance|credit|funds)|billing.?(hard|limit)|out of credit"
    r"|\bbudget\b.{0,20}exceeded"
)


class Cause(Enum):
    """The cause of a rejected request."""

    REFUSED = auto()  # the content of the message
    TOO_LONG = auto()  # the length of the message
    UNCLEAR = auto()  # the message, a field or a setting: the server does not say
    KEY = auto()
    FORBIDDEN = auto()
    MISSING = auto()  # no such model, or no such address
    QUOTA = auto()
    PASSING = auto()  # overload or a timeout: a retry may succeed
    ENDPOINT = auto()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A status other than 200, or an error in the body of a 200, with the server's explanation.

    `explanation` is casefolded and cut; `param` is the field that the server names, or "".
    """

    status: int
    explanation: str = ""
    param: str = ""

    @classmethod
    def of(cls, status: int, body: Any) -> "Rejection":
        """Return the rejection of an error's body, which is a JSON document or ignored text."""
        param = body.get("param") if isinstance(body, dict) else None
        text = " ".join(_words(body))[:_CHARS] if isinstance(body, dict | list) else ""
        return cls(status, text.casefold(), param if isinstance(param, str) else "")

    @classmethod
    def within(cls, error: Any) -> "Rejection":
        """Return the rejection of an error sent with status 200; its code may be a status."""
        body = error if isinstance(error, dict | list) else {"message": str(error)[:_CHARS]}
        code = body.get("code") if isinstance(body, dict) else None
        digits = str(code) if isinstance(code, int | str) else ""
        known = re.fullmatch(r"[45]\d\d", digits, re.ASCII) and int(digits)
        return cls.of(200 if not known or known in _ABOUT_THE_REQUEST else known, body)

    @property
    def cause(self) -> Cause:
        """Return the cause, by the status and the explanation."""
        if self.status in _OF_STATUS:
            return _OF_STATUS[self.status]
        if self.status == 403:  # noqa: PLR2004 - HTTP's "Forbidden"
            return Cause.REFUSED if _FLAGGED.search(self.explanation) else Cause.FORBIDDEN
        if self.status == 429:  # noqa: PLR2004 - HTTP's "Too Many Requests"
            return Cause.QUOTA if _QUOTA.search(self.explanation) else Cause.PASSING
        if self.status >= 500:  # noqa: PLR2004 - the server's own faults
            return Cause.TOO_LONG if _TOO_LONG.search(self.explanation) else Cause.PASSING
        return self._by_words()

    def _by_words(self) -> Cause:
        for words, cause in _BY_WORDS:
            if words.search(self.explanation):
                return cause
        return Cause.UNCLEAR if self.status in _ABOUT_THE_REQUEST else Cause.ENDPOINT

    def names(self, keys: Collection[str], sent: str) -> bool:
        """Return True if it names one of these fields, and does not just quote the message."""
        if any(re.search(rf"\b{key}\b", self.param) for key in keys):
            return True
        if self.status not in (200, *_ABOUT_THE_REQUEST) or self.cause in _THE_MESSAGES:
            return False
        return any(re.search(rf"\b{key}\b", self.explanation) and key not in sent for key in keys)


_OF_STATUS: Mapping[int, Cause] = {
    401: Cause.KEY,
    402: Cause.QUOTA,
    404: Cause.MISSING,
    408: Cause.PASSING,
    409: Cause.PASSING,
    413: Cause.TOO_LONG,
    451: Cause.REFUSED,
}
_THE_MESSAGES = frozenset({Cause.REFUSED, Cause.TOO_LONG})
_ABOUT_THE_REQUEST = frozenset({400, 422})
_BY_WORDS = (
    (_KEY, Cause.KEY),
    (_QUOTA, Cause.QUOTA),
    (_TOO_LONG, Cause.TOO_LONG),
    (_REFUSED, Cause.REFUSED),
    (_MODEL, Cause.MISSING),
)


def _words(found: Any, depth: int = 0) -> list[str]:
    """Return a server's explanation of an error, without parts of the request such as `input`."""
    if isinstance(found, dict) and depth < _DEPTH:
        return [
            word for key in sorted(_KEYS & found.keys()) for word in _words(found[key], depth + 1)
        ]
    if isinstance(found, list) and depth < _DEPTH:
        return [word for part in found[:20] for word in _words(part, depth + 1)]
    return [str(found)[:_CHARS]] if isinstance(found, str | int) else []
