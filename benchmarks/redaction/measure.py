"""Measure recall, precision and speed of a redactor on generated and on real messages."""

import time
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.redaction.generator import Message
from benchmarks.redaction.tools import Redactor

_PIECE = 4  # adjacent characters of a value that must not stay


@dataclass(frozen=True)
class Figures:
    """Recall and precision by kind in [0, 1], and the times of a message in µs.

    `touched` is the share of hard negatives with a placeholder. Precision counts the placeholders
    of a kind in messages of that kind and in hard negatives, because tools may call the same value
    by different kinds.
    """

    recall: dict[str, float]
    precision: dict[str, float]
    touched: float
    median_us: float
    p99_us: float


def plain(text: str) -> str:
    """Return the text without invisible characters, with digits and full-width forms as ASCII."""
    seen = (
        character
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) != "Cf"
    )
    return "".join(str(unicodedata.decimal(character, character)) for character in seen)


def leaks(value: str, text: str) -> bool:
    """Return True if four adjacent characters of a value are still in a text."""
    value, text = plain(value), plain(text)
    if len(value) < _PIECE:
        return value in text
    pieces = (value[start : start + _PIECE] for start in range(len(value) - _PIECE + 1))
    return any(piece in text for piece in pieces if any(map(str.isalnum, piece)))


def secret(message: Message) -> str:
    """Return the part of a value that must be removed: words before it, or a host, may stay."""
    value = plain(message.value or "")
    if message.kind == "CREDENTIALS":
        return value.partition("://")[2].rpartition("@")[0]
    if message.kind == "IP":
        return value.partition("/")[0].removesuffix(":8080")
    if message.kind == "PHONE":
        first = next(
            (
                place
                for place, character in enumerate(value)
                if character in "+(" or character.isdecimal()
            ),
            0,
        )
        return value[first:]
    if message.kind == "KEY":
        return max(value.replace("/services/", " ").replace("=", " ").split(), key=len).strip('"')
    return value


def measure(redact: Redactor, messages: Sequence[Message]) -> Figures:
    """Redact all messages and return the figures; recall requires that a whole value is removed."""
    found: Counter[str] = Counter()
    claimed: Counter[str] = Counter()
    right: Counter[str] = Counter()
    times = []
    touched = 0
    for message in messages:
        started = time.perf_counter()
        text, kinds = redact(message.text)
        times.append((time.perf_counter() - started) * 1e6)
        claimed.update({kind: 1 for kind in kinds if message.kind in {kind, None}})
        if message.kind is None:
            touched += bool(kinds)
            continue
        right[message.kind] += message.kind in kinds
        found[message.kind] += not leaks(secret(message), text)
    counts = Counter(message.kind for message in messages)
    times.sort()
    return Figures(
        {kind: found[kind] / count for kind, count in counts.items() if kind},
        {kind: right[kind] / claimed[kind] for kind in claimed if claimed[kind]},
        touched / max(1, counts[None]),
        times[len(times) // 2],
        times[int(len(times) * 0.99)],
    )


def touched(redact: Redactor, texts: Sequence[str]) -> list[str]:
    """Return the texts that get a placeholder or change in any other way."""
    return [text for text in texts if redact(text) != (text, Counter())]


HOSTILE = (
    "a", "1", "1 ", "a.b@", ":", "+1", "(0 ", "-----BEGIN ", "a:", "key=", "://a", "a-", "0 12 ",
    "eyJaaaaa.", "de89 ", "1.1.", "1111 ", "phone ", "@", "00-", "+ ( ", " ", "password   ", "sk-",
    "-----BEGIN PRIVATE KEY-----a", "<", "ip:", "a@b.", "\n", "\u200b", "\u0661 ", "\uff11",
    "a\u200b", "\\", "%25", "%", "&amp;", "&#64;", "\\u0040", "-----BEGIN PRIVATE KEY-----\nA",
    "a@b.de ", "john[at]", "[at] ", "-u a:", "?code=", "/reset/", "IBAN DE12 ", "order ", "pin ",
    "\u5bc6\u7801\u662f", "e\u0301", "tel ", "password is ", "token is ", "key>", "@<", "a:b@",
    "--password ", "1.", "1\t", "A\n", "mysql -p",
)  # fmt: skip


def slowest_ms(redact: Redactor, patience_s: float, length: int = 40_000) -> tuple[float, bool]:
    """Return the milliseconds of the slowest hostile text, and False if time ran out."""
    slowest, ends = 0.0, time.perf_counter() + patience_s
    for piece in HOSTILE:
        if time.perf_counter() > ends:
            return slowest, False
        started = time.perf_counter()
        redact((piece * length)[:length])
        slowest = max(slowest, (time.perf_counter() - started) * 1000)
    return slowest, True
