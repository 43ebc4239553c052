"""Tracks the optional request fields that a server accepts, by its answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

AGAIN_S = 3_600.0  # how long a field is left out; a server or its settings may have changed since
_REPEATED = 3  # messages that went through without a field, before it counts as not taken

Forms = tuple[Mapping[str, Any], ...]
"""The forms of a field, the best first; if a server accepts none, the field is left out."""


@dataclass
class _Known:
    """The accepted form, its expiry, and how often in a row it was doubted."""

    form: int = 0
    until: float = 0.0
    doubts: int = 0


@dataclass
class Offer:
    """The fields of one request, and the forms that its tries have ruled out."""

    forms: Mapping[str, Forms]
    chosen: dict[str, int]
    blamed: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)

    @property
    def body(self) -> dict[str, Any]:
        """Return the fields as they are sent."""
        written = (forms[self.chosen[name] :][:1] for name, forms in self.forms.items())
        return {key: value for one in written for form in one for key, value in form.items()}

    def keys(self, name: str) -> list[str]:
        """Return the keys that a field is sent with now, none if it is left out."""
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
    """The fields that one server accepts. A field that it rejects by name is left out for an hour.

    A field that was only doubted is left out after three messages in a row that succeed without
    it; a request in between that succeeds with the field clears the doubt.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._known: dict[str, _Known] = {}

    def offer(self, forms: Mapping[str, Forms]) -> Offer:
        """Return the fields to try, in the forms that the server probably accepts."""
        chosen = {}
        for name in forms:
            known = self._known.setdefault(name, _Known())
            if known.form and self._now() >= known.until:
                known.form, known.doubts = 0, 0
            chosen[name] = known.form
        return Offer(forms, chosen)

    def accepted(self, offer: Offer) -> None:
        """Learn from a request that succeeded."""
        for name, form in offer.chosen.items():
            known = self._known[name]
            if name in offer.doubted:
                known.doubts += 1
            elif form == known.form:
                known.doubts = 0
            if name in offer.blamed or known.doubts >= _REPEATED:
                known.form, known.until, known.doubts = form, self._now() + AGAIN_S, 0
