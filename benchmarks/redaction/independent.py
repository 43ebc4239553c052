"""Generate identifiers with Faker in thirty locales, as an independent test of forms."""

from collections.abc import Iterator

from faker import Faker
from stdnum import iban

from benchmarks.redaction.generator import SEED, Message

_LOCALES = (
    "en_US", "en_GB", "en_CA", "en_AU", "en_IN", "de_DE", "de_AT", "de_CH", "fr_FR", "it_IT",
    "es_ES", "pt_PT", "pt_BR", "nl_NL", "pl_PL", "sv_SE", "da_DK", "no_NO", "fi_FI", "cs_CZ",
    "tr_TR", "ja_JP", "ko_KR", "zh_CN", "ru_RU", "uk_UA", "he_IL", "el_GR", "hu_HU", "ro_RO",
)  # fmt: skip
_CARDS = ("visa", "mastercard", "amex", "discover", "diners", "jcb16", "jcb15")


def made_by_faker(count: int) -> Iterator[Message]:
    """Yield about `count` messages per kind, without invalid IBANs."""
    each = max(1, count // len(_LOCALES))
    cards = Faker("en_US")  # some locales have invalid card schemes
    cards.seed_instance(SEED)
    for locale in _LOCALES:
        fake = Faker(locale)
        fake.seed_instance(SEED)
        for number in range(each):
            yield _message("EMAIL", fake.email())
            yield _message("PHONE", fake.phone_number(), "my phone: {}, please call")
            yield _message("IP", fake.ipv6() if number % 2 else fake.ipv4())
            yield _message("CARD", cards.credit_card_number(_CARDS[number % len(_CARDS)]))
            code = fake.iban()
            if iban.is_valid(code):
                yield _message("IBAN", code)


def _message(kind: str, value: str, sentence: str = "Hello, {} it is, see you") -> Message:
    return Message(sentence.format(value), kind, value)
