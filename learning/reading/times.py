"""Parses the time when a row was labelled, in the formats of helpdesks and spreadsheets."""

import math
import re
import time
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from classifiers.printable import printable

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WORDS = re.compile(r"[+-]?(?:inf|infinity|nan)", re.IGNORECASE)
_ZONE = re.compile(r"\s*(?:UTC|GMT|Z)\Z|\s+(?=[+-]\d\d:?\d\d\Z)")
_SLASHED = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})\b")
_DAYS: Final = (
    *("%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y"),
    *("%d/%b/%y", "%d/%b/%Y", "%d-%b-%Y", "%Y-%m-%d", "%Y\u5e74%m\u6708%d\u65e5"),
)
"""Unambiguous date formats: year first, dots between the numbers, or the month's name."""
_MONTHS: Final = 12
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_SHEET_DAYS: Final = (25_569, 80_000)
"""Numbers in this range are days since 1899-12-30, as in spreadsheets, not seconds of 1970."""
_COMPACT_DAY = re.compile(r"(?:19|20)\d{6}", re.ASCII)
_AHEAD_S: Final = 86_400
"""The most seconds that a time may be in the future: clocks and zones differ by under a day."""
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""(least, divisor): numbers from `least` are nano-, micro- or milliseconds, not seconds."""


class TimeError(ValueError):
    """A time cannot be used; the message says why."""


def parse_time(given: object) -> str:
    """Return Unix seconds as text, or "" if no time is given.

    Accept Unix seconds, milli-, micro- and nanoseconds, ISO 8601 (UTC without a zone), mail dates,
    spreadsheet days, and dates whose day and month cannot be confused. Raise TimeError for
    anything else, and for a time before 1970 or in the future.
    """
    if given is None or (isinstance(given, str) and not given.strip()):
        return ""
    if isinstance(given, str):
        seconds = _seconds_of(given.strip())
    elif isinstance(given, datetime):
        seconds = _utc(given)
    elif isinstance(given, date):
        seconds = _utc(datetime(given.year, given.month, given.day, tzinfo=UTC))
    elif isinstance(given, int | float) and not isinstance(given, bool):
        seconds = _scaled(float(given)) if abs(given) < 1e30 else math.inf  # noqa: PLR2004
    else:
        raise TimeError("is not a time; write 2026-11-01T10:00:00Z or Unix seconds")
    if not math.isfinite(seconds) or seconds < 0:
        raise TimeError(f'"{printable(str(given), 40)}" is not a time after 1970')
    if seconds > time.time() + _AHEAD_S:
        raise TimeError(f'"{printable(str(given), 40)}" is in the future')
    plain = isinstance(given, str) and given.isascii() and _NUMBER.fullmatch(given)
    if isinstance(given, str) and plain and float(given) == seconds:
        return given
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _seconds_of(words: str) -> float:
    if _COMPACT_DAY.fullmatch(words):
        return _iso(words)
    if _NUMBER.fullmatch(words):
        return _scaled(float(words))
    if _WORDS.fullmatch(words):
        return math.nan
    return _iso(words)


def _scaled(number: float) -> float:
    first, last = _SHEET_DAYS
    if first <= number < last:
        return (number - first) * 86_400
    return next((number / unit for least, unit in _UNITS if abs(number) >= least), number)


def _iso(words: str) -> float:
    try:
        return _utc(datetime.fromisoformat(_ZONE.sub("", words)))
    except (ValueError, OverflowError):
        pass
    if (found := _written(words)) is not None:
        return _utc(found)
    try:
        return _utc(parsedate_to_datetime(words))
    except (ValueError, TypeError, IndexError, OverflowError):
        raise TimeError(
            f'"{printable(words, 40)}" {_unread(words)}; write 2026-11-01T10:00:00Z or Unix seconds'
        ) from None


def _written(words: str) -> datetime | None:
    """Return a date in a format of helpdesks and spreadsheets, or None for any other."""
    plain = _plain(words)
    for form in (f"{day}{clock}" for day in _DAYS for clock in _CLOCKS):
        try:
            return datetime.strptime(plain, form)  # noqa: DTZ007 - UTC, as ISO without a zone
        except ValueError:
            continue
    return None


def _plain(words: str) -> str:
    """Return a date with a/b/year as year/month/day, if only one reading is possible."""
    plain = " ".join(_ZONE.sub("", words).replace(" at ", " ").split())
    return _SLASHED.sub(_year_first, plain, count=1)


def _year_first(slashed: re.Match[str]) -> str:
    month, day = int(slashed[1]), int(slashed[2])
    if month > _MONTHS or month == day:
        month, day = day, month
    elif day <= _MONTHS:
        return slashed[0]
    return f"{slashed[3]}/{month}/{day}"


def _unread(words: str) -> str:
    if _SLASHED.match(words):
        return "is ambiguous: the day or the month may come first"
    return "is not a time"


def _utc(found: datetime) -> float:
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
