"""Which optional fields of a request a server takes, as far as its answers have shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

AGAIN_S = 3_600.0  # how long a field is left out; a server or its settings may have changed since
_REPEATED = 3  # messages that went through without a field, before it counts as not taken

Forms = tuple[Mapping[str, Any], ...]
"""The ways to write a field, the best one first; where none is taken, it is left out."""


@dataclass
class _Known:
    """The form that is taken, until when that holds, and how often it was doubted in a row."""

    form: int = 0
    until: float = 0.0
    doubts: int = 0


@dataclass
class Offer:
    """The fields of one request, and those forms that its tries have left behind."""

    forms: Mapping[str, Forms]
    chosen: dict[str, int]
    blamed: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)

    @property
    def body(self) -> dict[str, Any]:
        """The fields as they are sent."""
        written = (forms[self.chosen[name] :][:1] for name, forms in self.forms.items())
        return {key: value for one in written for form in one for key, value in form.items()}

    def keys(self, name: str) -> list[str]:
        """The keys that a field is sent with now, none where it is left out."""
        return [key for form in self.forms[name][self.chosen[name] :][:1] for key in form]

    def blame(self, name: str) -> None:
        """Go on with the next form of a field that the server has named."""
        self.chosen[name] += 1
        self.blamed.add(name)

    def doubt(self, name: str) -> None:
        """Leave a field out that the server may have meant."""
        self.chosen[name] = len(self.forms[name])
        self.doubted.add(name)


class Fields:
    """What one server takes. A field that it has named is left out at once, for an hour.

    A field that was only doubted is left out after three messages in a row that went through
    without it: one request in between that is taken with the field clears it.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._known: dict[str, _Known] = {}

    def offer(self, forms: Mapping[str, Forms]) -> Offer:
        """The fields to try, in the forms that are believed to be taken."""
        chosen = {}
        for name in forms:
            known = self._known.setdefault(name, _Known())
            if known.form and self._now() >= known.until:
                known.form, known.doubts = 0, 0
            chosen[name] = known.form
        return Offer(forms, chosen)

    def accepted(self, offer: Offer) -> None:
        """Learn from a request that went through."""
        for name, form in offer.chosen.items():
            known = self._known[name]
            if name in offer.doubted:
                known.doubts += 1
            elif form == known.form:
                known.doubts = 0
            if name in offer.blamed or known.doubts >= _REPEATED:
                known.form, known.until, known.doubts = form, self._now() + AGAIN_S, 0
