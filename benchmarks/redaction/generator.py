"""Generate messages with identifiers, and hard negatives that only look like identifiers.

All values are random, in the forms that people of several countries use. The same seed gives the
same messages.
"""

import ipaddress
import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

SEED = 20261124
_ALNUM = string.ascii_letters + string.digits
_SENTENCES = (
    "Hi, {} is what I used, please check",
    "{}",
    "My details: {}.",
    "please look at ({}) and answer",
    "Nothing works since Monday\n{}\nthanks",
    "It says '{}' there, is that right?",
    "{} does not work any more!!",
    "Hello team,\n\nsee {}, and tell me what to do",
)
Make = Callable[[random.Random], str]


@dataclass(frozen=True)
class Message:
    """A text with the kind and the value of its identifier; both are None for a hard negative."""

    text: str
    kind: str | None
    value: str | None


def chars(rng: random.Random, alphabet: str, count: int) -> str:
    return "".join(rng.choices(alphabet, k=count))


def filled(rng: random.Random, forms: Sequence[str]) -> str:
    """Fill in a random form: # is a digit, % a digit from 2 to 9, ^ a capital, ~ alphanumeric."""
    kinds = {"#": string.digits, "%": "23456789", "^": string.ascii_uppercase, "~": _ALNUM}
    return "".join(rng.choice(kinds[one]) if one in kinds else one for one in rng.choice(forms))


def email(rng: random.Random) -> str:
    words = chars(rng, string.ascii_lowercase, rng.randint(1, 9))
    tail = rng.choice(
        ["", f".{chars(rng, string.ascii_lowercase, 7)}", "+tag", "_a", "-b", "%c", "7"]
    )
    host = chars(rng, string.ascii_lowercase + string.digits, rng.randint(2, 9))
    ends = ["com", "co.uk", "de", "museum", "io", "com.br", "example", "xn--p1ai"]
    local = rng.choice([words + tail, (words + tail).title(), f"o'{words}"])
    return f"{local}@{rng.choice(['', 'mail.', 'a-b.'])}{host}.{rng.choice(ends)}"


_INTERNATIONAL = (
    "+1 (%##) %##-####", "+1-%##-%##-####", "+1%##%######", "+1 %## %## ####", "+1.%##.%##.####",
    "+44 20 #### ####", "+44 (0)20 #### ####", "+44 7### ######", "+447#########",
    "+49 30 #######", "+49 (0) 171 #######", "+4915#########", "+49-89-########",
    "+33 6 ## ## ## ##", "+33 (0)1 ## ## ## ##", "+33612######", "+39 06 #### ####",
    "+34 6## ### ###", "+351 91# ### ###", "+31 6 ########", "+32 4## ## ## ##", "+41 79 ### ## ##",
    "+43 664 #######", "+46 70-### ## ##", "+47 ### ## ###", "+45 ## ## ## ##", "+358 40 ### ####",
    "+48 6## ### ###", "+420 6## ### ###", "+36 30 ### ####", "+30 69# ### ####",
    "+90 5## ### ## ##", "+7 9## ###-##-##", "+380 67 ### ## ##", "+91 %#### #####",
    "+91-%#########", "+86 13# #### ####", "+81 90-####-####", "+82 10-####-####",
    "+61 4## ### ###", "+64 21 ### ####", "+55 (11) 9####-####", "+52 55 #### ####",
    "+54 9 11 ####-####", "+27 82 ### ####", "+234 80# ### ####", "+20 10 #### ####",
    "+971 50 ### ####", "+972-5#-###-####", "+65 %### ####", "+852 %### ####", "00 49 30 #######",
    "0044 20 #### ####", "001 %## %## ####",
)  # fmt: skip
_NATIONAL = (
    "(%##) %##-####", "%##-%##-####", "%##.%##.####", "1-800-%##-####", "(%##)%##-####",
    "020 7### ####", "(0)20 7### ####", "(020) 7### ####", "07### ######", "07#########",
    "030 ########", "0171/1######", "0171 #######", "(030) ########", "06 ## ## ## ##",
    "06.##.##.##.##", "01 ## ## ## ##", "0%-########", "070-### ## ##", "04## ### ###",
    "(02) #### ####", "090-####-####", "010-####-####", "0%# ### ####", "8 (4##) ###-##-##",
    "(11) 9####-####", "0%# #### ####", "(%##) %##-#### x###", "%##-%##-#### ext. ###",
    "(06)30/###-####", "(351) 91#######", "(02#)#######",
)  # fmt: skip
_IN_CONTEXT = (
    "call me at 4########", "phone: 6## ### ###", "my mobile is 9########", "tel. ## ## ## ##",
    "my number is %## ### ###", "WhatsApp 6## ## ## ##", "fax 5## ### ###",
    "reach me on %#########",
)  # fmt: skip
_BARE = ("6## ### ###", "%##%######", "91# ### ###", "## ## ## ##", "%## ## ###")

_CARDS = (("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16),
          ("65", 16), ("3528", 16), ("36", 14), ("4", 13), ("62", 19))  # fmt: skip


def luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(one), 10)) for one in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def card_number(rng: random.Random) -> str:
    prefix, length = rng.choice(_CARDS)
    body = prefix + chars(rng, string.digits, length - len(prefix) - 1)
    return next(body + last for last in string.digits if luhn(body + last))


def card(rng: random.Random) -> str:
    digits = card_number(rng)
    gap = rng.choice(["", " ", "-", " ", "."])
    ends = {14: (4, 10), 15: (4, 10)}.get(len(digits), tuple(range(4, len(digits), 4)))
    return gap.join(digits[a:b] for a, b in zip((0, *ends), (*ends, len(digits)), strict=True))


_IBANS = {
    "DE": "#" * 18, "GB": "^^^^" + "#" * 14, "FR": "#" * 20 + "^##", "NO": "#" * 11,
    "NL": "^^^^" + "#" * 10, "ES": "#" * 20, "IT": "^" + "#" * 22, "CH": "#" * 17, "AT": "#" * 16,
    "BE": "#" * 12, "SE": "#" * 20, "PL": "#" * 24, "IE": "^^^^" + "#" * 14, "PT": "#" * 21,
    "TR": "#" * 22, "SA": "##" + "~" * 18, "BR": "#" * 23 + "^~", "MT": "^^^^" + "#" * 5 + "~" * 18,
}  # fmt: skip


def iban(rng: random.Random) -> str:
    country = rng.choice(list(_IBANS))
    account = filled(rng, [_IBANS[country]]).upper()
    number = "".join(str(int(one, 36)) for one in account + country + "00")
    code = f"{country}{98 - int(number) % 97:02}{account}"
    parts = [code[start : start + 4] for start in range(0, len(code), 4)]
    return rng.choice([code, " ".join(parts), code.lower(), "-".join(parts), "\u00a0".join(parts)])


def address(rng: random.Random) -> str:
    if rng.random() < 0.5:
        four = str(ipaddress.IPv4Address(rng.getrandbits(32)))
        return rng.choice([four, f"{four}:8080", f"{four}/24"])
    six = ipaddress.IPv6Address(0x20010DB8 << 96 | rng.getrandbits(rng.choice([16, 64, 96])))
    return rng.choice([six.compressed, six.exploded, six.compressed.upper()])


def credentials(rng: random.Random) -> str:
    password = chars(rng, _ALNUM + "!$%@", rng.randint(6, 20))
    user = rng.choice(["admin", "bot", chars(rng, string.ascii_lowercase, 6)])
    host = f"{chars(rng, string.ascii_lowercase, 5)}.internal"
    scheme = rng.choice(["https", "postgres", "redis", "ftp", "amqps", "mongodb+srv"])
    return f"{scheme}://{user}:{password}@{host}/x"


def key(rng: random.Random) -> str:
    part, upper = chars(rng, _ALNUM, 40), chars(rng, string.ascii_uppercase + string.digits, 16)
    head = "eyJhbGciOiJIUzI1NiJ9"
    forms = (
        f"sk-{part}", f"sk-proj-{part}", f"xoxb-{rng.randint(10**11, 10**12)}-{part[:24]}",
        f"xapp-1-A{upper[:10]}-{part[:20]}", f"ghp_{part[:36]}", f"github_pat_{part}",
        f"{head}.eyJ{part}.{part}", f"AKIA{upper}", f"Bearer {part}",
        f"Authorization: Basic {part}", f"api_key={part}", f'"client_secret": "{part}"',
        f"password: {part[:9]}7", f"my password is {part[:9]}7", f"PASSWORD={part[:10]}1",
        f"glpat-{part[:20]}", f"sk_live_{part[:24]}", f"AIza{part[:35]}", f"hf_{part[:34]}",
        f"npm_{part[:36]}", f"SG.{part[:22]}.{part}", f"?access_token={part}1", f"pwd: {part[:8]}3",
        f"https://hooks.slack.com/services/T{upper[:8]}/B{upper[8:]}/{part[:24]}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{part}\n{part}\n-----END RSA PRIVATE KEY-----",
    )  # fmt: skip
    return rng.choice(forms)


MAKERS: dict[str, Make] = {
    "EMAIL": email,
    "PHONE": partial(filled, forms=_INTERNATIONAL + _NATIONAL + _IN_CONTEXT),
    "CARD": card,
    "IBAN": iban,
    "IP": address,
    "CREDENTIALS": credentials,
    "KEY": key,
}
BARE_PHONE: Make = partial(filled, forms=_BARE)
"""National numbers without a trunk 0 or a word that marks them: any number looks like them."""

_LOOKALIKES = (
    "order %##########", "invoice INV-####-######", "ticket #### ####", "order no. 1Z##########",
    "build 20######", "version %.#.#", "v1#.#.#-rc.#", "on 2026-1#-2#", "on 2#/0%/2026",
    "2#.0%.2026", "at 1#:#%:#%", "from 1#:#% to 1#:#%", "$%,###.##", "EUR 1.###.###,##",
    "£%##.##", "1#,###,### users", "%#.#### N, %#.#### E", "commit ~~~~~~~", "page ##-##",
    "room %##-##", "flight ^^####", "order A#####-####", "ISBN 978-%-##-######-#",
    "%%% x %%% x %%% mm", "error 0x8007####", "customer %#######", "reference RF##^###",
    "serial SN-##^^-####-^^", "std::vector<int>", "a::b", "24/7", "9-5", "100%", "the 2nd of 3",
    "model X%##-%##", "pallet ##.###.###", "@here", "@alice", "e = mc2", "C++", "user@",
    "@ 10 per piece", "key: question", "password: forgotten", "the secret is out",
    "token: expired", "basic subscription", "ratio 1:2:3", "IPv4 and IPv6", "10.2.1",
    "size 36-38-40", "lat -33.8#####", "5 000 000 people", "since 1999-2004", "2026 2027 2028",
    "PO-2026-######", "SKU 12##-^^", "ext. ####", "PIN not accepted", "T1234 to T9999",
)  # fmt: skip


def lookalike(rng: random.Random) -> str:
    return filled(rng, _LOOKALIKES)


def wrong_checksum(rng: random.Random) -> str:
    """Return a card number with a wrong check digit."""
    digits = card_number(rng)
    return digits[:-1] + str((int(digits[-1]) + rng.randint(1, 9)) % 10)


_FULL_WIDTH = {0x21 + place: 0xFF01 + place for place in range(94)}
_ARABIC = {ord("0") + digit: 0x660 + digit for digit in range(10)}


def disguise(rng: random.Random, value: str) -> str:
    """Return the identifier with look-alike digits, other gaps or invisible characters."""
    place = rng.randint(1, len(value) - 1)
    return rng.choice(
        [
            value[:place] + rng.choice("\u200b\u200d\u2060\ufeff\u00ad") + value[place:],
            value.translate(_FULL_WIDTH),
            value.replace(" ", rng.choice("\u00a0\u202f")),
        ]
    )


def disguised(count: int, seed: int = SEED) -> list[Message]:
    """Return `count` disguised messages per kind with numbers, and Arabic-Indic phone numbers."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    found = []
    for kind in ("EMAIL", "PHONE", "CARD", "IBAN", "IP"):
        for _ in range(count):
            value = disguise(rng, MAKERS[kind](rng))
            found.append(Message(rng.choice(_SENTENCES).format(value), kind, value))
    for _ in range(count):
        value = filled(rng, _INTERNATIONAL).translate(_ARABIC)
        found.append(Message(rng.choice(_SENTENCES).format(value), "PHONE", value))
    return found


def messages(count: int, seed: int = SEED) -> list[Message]:
    """Return `count` messages per kind, then 4 * `count` hard negatives."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    found = [_message(rng, kind, make) for kind, make in MAKERS.items() for _ in range(count)]
    for _ in range(4 * count):
        value = wrong_checksum(rng) if rng.random() < 0.1 else lookalike(rng)
        found.append(Message(rng.choice(_SENTENCES).format(value), None, None))
    return found


def bare_phones(count: int, seed: int = SEED) -> list[Message]:
    """Return messages with national phone numbers that nothing marks as such."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    return [_message(rng, "PHONE", BARE_PHONE) for _ in range(count)]


def _message(rng: random.Random, kind: str, make: Make) -> Message:
    value = make(rng)
    return Message(rng.choice(_SENTENCES).format(value), kind, value)
