"""Learn from a server's answers which optional request fields it accepts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LEFT_OUT_S = 3_600.0  # then a field is tried again, as the server may have been updated
_REPEATED = 3  # successes without a doubted field, after which it counts as rejected

Forms = tuple[Mapping[str, Any], ...]
"""The forms of a field, the best first; if a server accepts none, the field is left out."""


@dataclass
class _Known:
    """The accepted form of a field, its expiry, and the number of doubts in a row."""

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
        return {key: value for forms in written for form in forms for key, value in form.items()}

    def keys(self, name: str) -> list[str]:
        """Return the keys under which a field is sent; the list is empty if it is left out."""
        return [key for form in self.forms[name][self.chosen[name] :][:1] for key in form]

    def blame(self, name: str) -> None:
        """Use the next form of a field that the server rejected by name."""
        self.chosen[name] += 1
        self.blamed.add(name)

    def doubt(self, name: str) -> None:
        """Leave out a field that may have caused a rejection."""
        self.chosen[name] = len(self.forms[name])
        self.doubted.add(name)


class Fields:
    """The fields that a server accepts. A field that it rejects by name is left out for an hour.

    A doubted field is left out after three messages in a row that succeed without it. If a request
    succeeds with the field, the doubt is cleared.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._known: dict[str, _Known] = {}

    def offer(self, forms: Mapping[str, Forms]) -> Offer:
        """Return the fields to send, in the forms that the server probably accepts."""
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
                known.form, known.until, known.doubts = form, self._now() + LEFT_OUT_S, 0
