"""The table `[cards]`: mask personal data on cards, which people of other channels read."""

import re

from pydantic import BaseModel, ConfigDict

from classifiers.redaction.redact import redact

_PLACEHOLDER = re.compile(r"<([A-Z]{2,20})_(\d{1,9})>")
_WORDS = {
    "EMAIL": "e-mail address",
    "PHONE": "phone number",
    "CARD": "card number",
    "IP": "IP address",
    "IBAN": "IBAN",
}


def masked(text: str) -> str:
    """Return the text with placeholders such as `[card number 1]` for personal data."""
    return _PLACEHOLDER.sub(_in_words, redact(text).text)


def _in_words(placeholder: re.Match[str]) -> str:
    kind, number = placeholder.groups()
    return f"[{_WORDS.get(kind, kind.lower())} {number}]"


class CardsConfig(BaseModel):
    """The table `[cards]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    redact: bool = True

    def shown(self, text: str) -> str:
        """Return a text as a card shows it: masked unless `redact` is false."""
        return masked(text) if self.redact else text
