"""Replace personal data and secrets in a text by typed placeholders, before the text leaves."""

from collections import Counter
from dataclasses import dataclass, field

from classifiers.redaction import contact as redaction_contact
from classifiers.redaction import marked as redaction_marked
from classifiers.redaction import payment as redaction_payment
from classifiers.redaction import secrets as redaction_secrets
from classifiers.redaction.finding import Find, Finder, hashes, placeholders
from classifiers.redaction.view import views

# Longer identifiers come first: a part of a key must not become a telephone number.
_FINDERS: tuple[Finder, ...] = (
    placeholders,
    redaction_secrets.private_keys,
    redaction_secrets.credentials,
    redaction_secrets.tokens,
    redaction_secrets.assigned,
    redaction_marked.passwords,
    redaction_contact.emails,
    redaction_payment.ibans,
    redaction_payment.cards,
    hashes,
    redaction_marked.codes,
    redaction_contact.addresses,
    redaction_contact.phones,
    redaction_marked.phones,
)
# Each round finds identifiers that the round before has uncovered. For almost any text the second
# round finds nothing.
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with placeholders such as `<EMAIL_1>`, and the number of distinct values by kind."""

    text: str
    kinds: Counter[str] = field(default_factory=Counter)


class _Names:
    """Assigns placeholders: equal values of a kind get the same placeholder."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self.kinds: Counter[str] = Counter()

    def __call__(self, kind: str, value: str) -> str:
        key = (kind, value.casefold())
        if key not in self._names:
            self.kinds[kind] += 1
            self._names[key] = f"<{kind}_{self.kinds[kind]}>"
        return self._names[key]


def redact(text: str) -> Redacted:
    """Replace personal data and secrets by placeholders; the result is deterministic.

    Kinds are CREDENTIALS (in a URL), KEY (tokens, passwords, PINs), EMAIL, IBAN, CARD, IP and
    PHONE. Other long numbers (orders, amounts, dates) stay. A value is also found if it is
    percent-encoded, in HTML entities, in look-alike characters or contains invisible characters.
    The text around the values does not change. Accept any text, and take well under 1 ms for a
    message.
    """
    names = _Names()
    for _ in range(_ROUNDS):
        found = _found(text)
        if not found:
            break
        text = _replaced(text, found, names)
    return Redacted(text, names.kinds)


def _found(text: str) -> list[Find]:
    """Return the finds in the order of the text, without overlaps."""
    taken = bytearray(len(text))
    seen = views(text)
    found = []
    for finder in _FINDERS:
        for view in seen:
            for find in finder(view):
                start, end = view.starts[find.start], view.ends[find.end - 1]
                if taken.find(1, start, end) < 0:
                    taken[start:end] = b"\x01" * (end - start)
                    found.append(Find(start, end, find.kind, find.value))
    return sorted((find for find in found if find.kind), key=lambda find: find.start)


def _replaced(text: str, found: list[Find], names: _Names) -> str:
    parts, last = [], 0
    for find in found:
        parts += [text[last : find.start], names(find.kind, find.value)]
        last = find.end
    return "".join([*parts, text[last:]])
