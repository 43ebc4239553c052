"""The redactors to compare: ours, and tools that need no language model."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Redactor = Callable[[str], tuple[str, Counter[str]]]
"""Returns the redacted text, and the number of finds by kind."""


@dataclass(frozen=True)
class Tool:
    """A redactor: its name, the kinds it knows, and a function that imports and constructs it."""

    name: str
    kinds: frozenset[str]
    make: Callable[[], Redactor]


def _spans(text: str, found: Iterable[tuple[int, int, str]]) -> tuple[str, Counter[str]]:
    """Replace spans by placeholders; of spans that overlap, the longest."""
    kinds: Counter[str] = Counter()
    end_of_last, parts = 0, []
    for start, end, kind in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= end_of_last:
            parts += [text[end_of_last:start], f"<{kind}>"]
            kinds[kind] += 1
        end_of_last = max(end_of_last, end)
    return "".join([*parts, text[end_of_last:]]), kinds


def _ours() -> Redactor:
    from classifiers.redaction.redact import redact

    def run(text: str) -> tuple[str, Counter[str]]:
        found = redact(text)
        return found.text, found.kinds

    return run


_PRESIDIO = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
}


def _presidio() -> Redactor:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    logging.disable(logging.ERROR)  # it logs failed downloads of top-level domains
    language = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    language.load()
    engine = AnalyzerEngine(nlp_engine=language, supported_languages=["en"])

    def run(text: str) -> tuple[str, Counter[str]]:
        found = engine.analyze(text, "en", entities=list(_PRESIDIO))
        return _spans(text, [(one.start, one.end, _PRESIDIO[one.entity_type]) for one in found])

    return run


_SCRUBADUB = {"email": "EMAIL", "phone": "PHONE", "credit_card": "CARD", "credential": "KEY"}


def _scrubadub() -> Redactor:
    import scrubadub

    detectors = [
        scrubadub.detectors.EmailDetector,
        scrubadub.detectors.PhoneDetector,
        scrubadub.detectors.CreditCardDetector,
        scrubadub.detectors.CredentialDetector,
    ]
    scrubber = scrubadub.Scrubber(detector_list=detectors)

    def run(text: str) -> tuple[str, Counter[str]]:
        found = scrubber.iter_filth(text)
        return _spans(text, [(one.beg, one.end, _SCRUBADUB[one.type]) for one in _flat(found)])

    return run


def _flat(found: Iterable[Any]) -> list[Any]:
    return [part for one in found for part in (getattr(one, "filths", None) or [one])]


_DATAFOG = {"EMAIL": "EMAIL", "PHONE": "PHONE", "CREDIT_CARD": "CARD", "IP_ADDRESS": "IP"}


def _datafog() -> Redactor:
    import datafog

    def run(text: str) -> tuple[str, Counter[str]]:
        found = datafog.scan(text, entity_types=list(_DATAFOG)).entities
        return _spans(text, [(one.start, one.end, _DATAFOG[one.type]) for one in found])

    return run


def _phonenumbers() -> Redactor:
    from phonenumbers import PhoneNumberMatcher

    def run(text: str) -> tuple[str, Counter[str]]:
        found = PhoneNumberMatcher(text, "US")
        return _spans(text, [(one.start, one.end, "PHONE") for one in found])

    return run


def _detect_secrets() -> Redactor:
    from detect_secrets.core import scan
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.settings import transient_settings

    names = {one.__name__ for one in get_mapping_from_secret_type_to_class().values()}
    named = sorted(name for name in names if "Entropy" not in name)  # those match any word
    plugins = {"plugins_used": [{"name": name} for name in named]}

    def run(text: str) -> tuple[str, Counter[str]]:
        spans = []
        with transient_settings(plugins):
            for line in text.splitlines():
                for one in scan.scan_line(line):
                    start = text.find(one.secret_value or "\0")
                    if start >= 0:
                        spans.append((start, start + len(one.secret_value), "KEY"))
        return _spans(text, spans)

    return run


_ALL = frozenset({"EMAIL", "PHONE", "CARD", "IBAN", "IP", "CREDENTIALS", "KEY"})
TOOLS = (
    Tool("ours", _ALL, _ours),
    Tool("presidio, patterns", frozenset(_PRESIDIO.values()), _presidio),
    Tool("scrubadub", frozenset(_SCRUBADUB.values()), _scrubadub),
    Tool("datafog", frozenset(_DATAFOG.values()), _datafog),
    Tool("phonenumbers", frozenset({"PHONE"}), _phonenumbers),
    Tool("detect-secrets", frozenset({"KEY"}), _detect_secrets),
)
