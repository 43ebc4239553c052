"""Forms of identifiers in support messages: other gaps, escapes, mark-up, other languages."""

# ruff: noqa: E501, RUF001 - tables of made-up values in many scripts

import html
import json
import random
import string
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.redaction.generator import MAKERS, Message
from benchmarks.redaction.measure import leaks, secret
from classifiers.redaction.redact import redact

CARD, IBAN = "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"
GAPS = [
    *("\t", "\n", "\r\n", "\u2007", "\u00a0", "\u2009", "\u202f", "\u3000", ".", "\u00b7"),
    *("\u2022", "-", "\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "/", "_", " - ", " \n"),
]


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("value", [CARD, IBAN])
def test_groups_of_digits_may_have_any_gap(value: str, gap: str) -> None:
    written = value.replace(" ", gap)
    assert leaks(value.replace(" ", "")[:8], written.replace(gap, ""))
    kind = "CARD" if value == CARD else "IBAN"
    assert redact(f"It is {written}, thanks").text == f"It is <{kind}_1>, thanks"


@pytest.mark.parametrize(
    "after",
    ["12/27", "12/2027", "05-28", "12/27 123", "1227 123", "123", "exp 12/27", "\n12/27\n", "x2"],
)
@pytest.mark.parametrize(
    "number", [CARD, "4111111111111111", "3782 822463 10005", "4111-1111-1111-1111"]
)
def test_a_card_is_found_beside_its_expiry_and_code(number: str, after: str) -> None:
    text = f"card {number} {after}"
    assert redact(text).text == f"card <CARD_1> {after}"


def test_a_card_is_found_after_another_number() -> None:
    assert redact(f"2 x {CARD}").text == "2 x <CARD_1>"
    assert redact(f"12 {CARD} 5").text == "12 <CARD_1> 5"


@pytest.mark.parametrize("gap", [" ", "\n", ", ", "\n- "])
def test_cards_beside_each_other_are_found(gap: str) -> None:
    text = gap.join([CARD, "4242 4242 4242 4242", "5105-1051-0510-5100"])
    assert redact(text).text == gap.join(["<CARD_1>", "<CARD_2>", "<CARD_3>"])


@pytest.mark.parametrize(
    "text",
    [
        "I paid the order with card 4111111111111111", "Bestellung mit Karte 4111111111111111",
        "la commande payée par carte 4111111111111111", "заказ оплачен картой 4111111111111111",
        "订单用卡4111111111111111支付", "customer phone: 07700 900123", "Kunden-Telefon 0171 2345678",
        "mi cliente, teléfono 612345678", "in case of questions: 0171 2345678",
        "in order to reach me: 0171 2345678", "订单问题请打电话13812345678",
    ],
)  # fmt: skip
def test_the_word_next_to_a_number_says_what_it_is(text: str) -> None:
    assert sum(redact(text).kinds.values()) == 1


def test_a_parcel_number_in_groups_of_four_is_not_a_card() -> None:
    for text in ("9400 4111 1111 1111 1111 90", "9400 1118 9922 3197 4284 90"):
        assert redact(text).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x.de/?email=ana.doe%40example.org", "https://x.de/?email=<EMAIL_1>"),
        ("https://x.de/?e=ana.doe%2540example.org&n=1", "https://x.de/?e=<EMAIL_1>&n=1"),
        ("https://x.de/?e=ana.doe%252540example.org", "https://x.de/?e=<EMAIL_1>"),
        ("https://x.de/#/u/ana%40example%2Eorg/edit", "https://x.de/#/u/<EMAIL_1>/edit"),
        ("?card=4111%201111%201111%201111&n=1", "?card=<CARD_1>&n=1"),
        ("?card=4111+1111+1111+1111&n=1", "?card=<CARD_1>&n=1"),
        ("?iban=DE89%203704%200044%200532%200130%2000", "?iban=<IBAN_1>"),
        ("?phone=%2B49+30+1234567&n=1", "?phone=<PHONE_1>&n=1"),
        ("?tel=%2B4930123456789", "?tel=<PHONE_1>"),
        ("https://x.de/cb#access_token=abcdef123456&n=1", "https://x.de/cb#access_token=<KEY_1>&n=1"),
        ("https://x.de/cb?code=4%2F0AX4XfWh12345", "https://x.de/cb?code=<KEY_1>"),
        ("https://x.de/reset-password/a1b2c3d4e5f6a7b8c9d0", "https://x.de/reset-password/<KEY_1>"),
        ("ana&#64;example.org", "<EMAIL_1>"),
        ("ana&#x40;example&period;org", "<EMAIL_1>"),
        ("ana&amp;#64;example.org", "<EMAIL_1>"),
        ("4111&nbsp;1111&nbsp;1111&nbsp;1111", "<CARD_1>"),
        ('{"mail": "ana\\u0040example.org"}', '{"mail": "<EMAIL_1>"}'),
        ('"{\\"password\\": \\"hunter2b\\"}"', '"{\\"password\\": \\"<KEY_1>\\"}"'),
        ("https://me:pa%2Fss%40word@host/x", "https://<CREDENTIALS_1>@host/x"),
        ("postgres://me:p/a#ss1@host/db", "postgres://<CREDENTIALS_1>@host/db"),
        ("save 50%20off, 100%40, R&D; and C:\\new\\x41", "save 50%20off, 100%40, R&D; and C:\\new\\x41"),
    ],
)  # fmt: skip
def test_escapes_are_decoded(text: str, expected: str) -> None:
    assert redact(text).text == expected


@pytest.mark.parametrize(
    "written",
    [
        "*john*@acme.com", "john@*acme*.com", "john@acme.*com*", "`john`@acme.com", "~john~@acme.com",
        "*john@acme.com*", "_john@acme.com_", "<mailto:john@acme.com|john@acme.com>",
        "mailto:john@acme.com", "jo\u200bhn@ac\u2060me.com", "john@acme\u00ad.com",
        "*john*@<http://acme.com|acme.com>", "john@<http://acme.com|acme.com>", "john (at) acme.com",
        "john [at] acme [dot] com", "john(at)acme(dot)com", "\uff4a\uff4f\uff48\uff4e\uff20acme.com",
        "\U0001d423\U0001d428\U0001d421\U0001d427@acme.com", "邮箱john@acme.com请查收", "john@acme.com。谢谢",
        "john@acme\u3002com", '"john"@acme.com', "JOHN@ACME.COM", "jo\u0301hn@acme.com",
    ],
)  # fmt: skip
def test_an_address_is_found_however_it_is_written(written: str) -> None:
    found = redact(f"I am {written} since May")
    assert "acme" not in found.text.lower() or "http" in written
    assert "hn" not in found.text
    assert found.kinds == {"EMAIL": 1}


@pytest.mark.parametrize(
    "digits",
    ["４１１１ １１１１ １１１１ １１１１", "٤١١١ ١١١١ ١١١١ ١١١١", "۴۱۱۱۱۱۱۱۱۱۱۱۱۱۱۱", "४१११ ११११ ११११ ११११",
     "4️⃣1️⃣1️⃣1️⃣ 1️⃣1️⃣1️⃣1️⃣ 1️⃣1️⃣1️⃣1️⃣ 1️⃣1️⃣1️⃣1️⃣", "④①①① ①①①① ①①①① ①①①①"],
)  # fmt: skip
def test_digits_of_any_script_count(digits: str) -> None:
    assert redact(f"card {digits} ok").text == "card <CARD_1> ok"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("my password is hunter22", "hunter22"), ("Password: Hunter22!", "Hunter22!"),
        ("Mein Passwort ist Sommer24", "Sommer24"), ("Das Kennwort lautet: Sommer24", "Sommer24"),
        ("Passwort Sommer2024!", "Sommer2024"), ("mot de passe : Soleil99", "Soleil99"),
        ("mon mot de passe est Soleil99", "Soleil99"), ("mi contraseña es Gato1234", "Gato1234"),
        ("mi clave: Gato1234", "Gato1234"), ("a minha senha é Gato1234", "Gato1234"),
        ("palavra-passe: Gato1234", "Gato1234"), ("la password è Gatto1234", "Gatto1234"),
        ("mijn wachtwoord is Hond1234", "Hond1234"), ("moje hasło to Kotek123", "Kotek123"),
        ("hasło: Kotek123", "Kotek123"), ("мой пароль: qwerty123", "qwerty123"),
        ("пароль это qwerty123", "qwerty123"), ("şifre: abc12345", "abc12345"),
        ("şifrem abc12345", "abc12345"), ("parolam: abc12345", "abc12345"),
        ("كلمة المرور هي abc12345", "abc12345"), ("كلمة السر: abc12345", "abc12345"),
        ("密码是abc123456请帮忙", "abc123456"), ("密碼：abc123456", "abc123456"),
        ("パスワードは「tanaka2024」です", "tanaka2024"), ("비밀번호는 abc12345 입니다", "abc12345"),
        ("비번: abc12345", "abc12345"), ("รหัสผ่านคือ abc12345 ครับ", "abc12345"),
        ("PIN 4711", "4711"), ("my PIN is 4711", "4711"), ("PIN-Code: 4711", "4711"),
        ("CVC 123", "123"), ("CVV: 123", "123"), ("cvv2 = 123", "123"), ("security code 123", "123"),
        ("die Geheimzahl ist 4711", "4711"), ("Prüfziffer 123", "123"),
        ("code de sécurité : 123", "123"), ("código de seguridad 123", "123"),
        ("código de segurança: 123", "123"), ("codice di sicurezza 123", "123"),
        ("pincode 4711", "4711"), ("kod PIN: 4711", "4711"), ("пин-код 4711", "4711"),
        ("код подтверждения 123456", "123456"), ("güvenlik kodu 123", "123"),
        ("الرقم السري 4711", "4711"), ("رمز التحقق ١٢٣٤٥٦", "١٢٣٤٥٦"), ("验证码是123456", "123456"),
        ("安全码：123", "123"), ("暗証番号は1234です", "1234"), ("セキュリティコード 123", "123"),
        ("인증번호 123456", "123456"), ("핀번호는 1234", "1234"), ("รหัส OTP 123456", "123456"),
        ("Telefon 7654321", "7654321"), ("Telefonnummer: 765 43 21", "765 43 21"),
        ("Handynummer 7654321", "7654321"), ("ruf mich an: 7654321", "7654321"),
        ("téléphone 76 54 32 1", "76 54 32 1"), ("teléfono 7654321", "7654321"),
        ("mi móvil es 7654321", "7654321"), ("telemóvel 7654321", "7654321"),
        ("o meu celular é 7654321", "7654321"), ("il mio cellulare è 7654321", "7654321"),
        ("telefoon 7654321", "7654321"), ("telefon komórkowy 7654321", "7654321"),
        ("телефон 765-43-21", "765-43-21"), ("мобильный: 7654321", "7654321"),
        ("telefonum 7654321", "7654321"), ("cep numaram 7654321", "7654321"),
        ("هاتفي ٧٦٥٤٣٢١", "٧٦٥٤٣٢١"), ("رقم الجوال 7654321", "7654321"),
        ("我的手机号是13812345678谢谢", "13812345678"), ("電話：7654321", "7654321"),
        ("電話番号は090ー1234ー5678です", "090ー1234ー5678"), ("携帯 7654321", "7654321"),
        ("전화번호는 7654321", "7654321"), ("휴대폰 010-1234-5678", "010-1234-5678"),
        ("โทร 7654321", "7654321"), ("เบอร์มือถือ 0812345678", "0812345678"),
        ("тел. 8 916 123-45-67", "8 916 123-45-67"), ("ph: 7654321", "7654321"),
        ("Cel. 912345678", "912345678"), ("PIN'im 4711", "4711"), ("PINs 4711", "4711"),
        ("mTAN 482911", "482911"), ("le mdp c'est Soleil99", "Soleil99"),
        ("API-Schlüssel: abcd1234efgh5678", "abcd1234efgh5678"),
        ("clé API : abcd1234efgh5678", "abcd1234efgh5678"),
        ("мой токен: abcd1234efgh5678", "abcd1234efgh5678"),
        ("APIキー：abcd1234efgh5678", "abcd1234efgh5678"), ("令牌是abcd1234efgh5678", "abcd1234efgh5678"),
        ("IBAN DE00 1234 5678 9012 3456 78", "DE00 1234 5678 9012 3456 78"),
        ("İBAN: TR33 0006 1005 1978 6457 8413 26", "TR33 0006 1005 1978 6457 8413 26"),
    ],
)  # fmt: skip
def test_a_word_before_it_marks_a_value(text: str, value: str) -> None:
    found = redact(f"Hello, {text} . Thanks")
    assert sum(found.kinds.values()) == 1
    assert not leaks(value, found.text)


@pytest.mark.parametrize(
    "text",
    [
        "my order number is 123456789", "tracking number 9400 1118 9922 3197 4284 90",
        "1Z999AA10123456784, RB123456789CN, JD014600006281230704",
        "ticket 550e8400-e29b-41d4-a716-446655440000 failed",
        "request 41111111-1111-4111-8111-111111111111", "order no. 0301234567",
        "commit d670460b4b4aece5915caf5c68d12f560a9fe3e4",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "2026-11-24T10:30:45.123Z ERROR [main] App:42 - failed after 3000ms, status=502",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
        "firmware version 1.2.3.4, v10.0.19045.3693", "lodash@4.17.21, node@18.x, icon@2x.png",
        "password reset does not work on iPhone15", "I forgot my password in 2024",
        "PIN not accepted since 2024", "my PIN was blocked on 24.11.2026", "Pin 5 of connector 12",
        "my phone broke on 2026-11-24", "Telefon bestellt am 24.11.2026",
        "my phone order number is 12345678", "Kundennummer 12345678", "telefoon besteld 20261124",
        "2024\n2025\n2026\n2027", "4 4 4 4 4 4 4 4 4 4 4 4 4 4 4", "memory 4096 8192 16384 32768",
        "key: <@U0123ABCD>", "the key is <#C0123ABCD>", "a bypass=123456", "key: key: key",
        "key: PROJ-12345", "Turkey: 2024-11-24", "https://x.de/docs?page=12&state=california",
        "sk-learn-contrib-packages-long", "task-list-with-long-name-2024", "meet [at] noon, (at) home",
        "トークン: 2026/11/27", "I pinned 1234 items", "Pinterest 2024", "the PIN pad 1234 is broken", "a tank of 4000 l",
        "tannin 2024", "my phone shows error 1234567", "ticket 0012345678", "UPS 1Z 999 AA1 01 2345 6784",
        "clone git@github.com:acme/site.git", "Telefonnummer fehlt in Rechnung 12345678",
        "in order 0301234567", "in order no. 0301234567", "in case number 0301234567", "电话订单号12345678", "订单号13812345678", "std::vector and a::b", "今天会下雨吗？",
    ],
)  # fmt: skip
def test_text_that_only_looks_like_an_identifier_stays(text: str) -> None:
    assert redact(text).text == text


def _escaped(value: str) -> list[str]:
    return [
        value,
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""),
        "".join(f"&#{ord(one)};" for one in value),
        "".join(f"&#{ord(one):#x};".replace("0x", "x") for one in value),
        html.escape("".join(f"&#{ord(one)};" for one in value)),
        "".join(f"\\u{ord(one):04x}" for one in value),
        json.dumps(value.translate({0x21 + one: 0xFF01 + one for one in range(94)}))[1:-1],
    ]


AROUND = st.text(st.sampled_from(" \n.,;!?()é你ا\u200b😀"), max_size=8)


@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(["EMAIL", "CARD", "IBAN", "CREDENTIALS"]),
    form=st.integers(0, 7),
    before=AROUND,
    after=AROUND,
)
@settings(max_examples=300, deadline=None)
def test_no_planted_identifier_stays(
    seed: int, kind: str, form: int, before: str, after: str
) -> None:
    value = MAKERS[kind](random.Random(seed))  # noqa: S311 - repeatable on purpose
    planted = value if kind == "CREDENTIALS" else _escaped(value)[form]
    found = redact(f"see {before} {planted} {after} please")
    assert found.kinds == {kind: 1}
    left = html.unescape(html.unescape(urllib.parse.unquote(urllib.parse.unquote(found.text))))
    bare = secret_of(kind, value)
    assert bare not in left
    assert bare.replace(" ", "") not in left


def secret_of(kind: str, value: str) -> str:
    return value.partition("://")[2].rpartition("@")[0] if kind == "CREDENTIALS" else value


PIECES = st.sampled_from(
    [
        *("+", "+49", "0", "4111", CARD, IBAN, "DE89", "a@b.de", "@", "sk-", "key=", "pw is ", "PIN "),
        *("password is ", "eyJ", "AKIA", "Bearer ", "://", "a:b@", "::", "127.0.0.1", ".", "-", " "),
        *("\n", "%40", "%2540", "%", "&#64;", "&amp;", "\\u0040", "\\", "<", ">", "<KEY_1>", "_", "*"),
        *("\u200b", "e\u0301", "İ", "ſ", "K", "密码是", "电话", "٣", "Telefon ", "\ud800", "[at]", "\0"),
        *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "MIIEvQIBADANBgkq", "(0)", "x"),
        *("token ", "abcdef0123456789" * 2, "?code=", "/reset/", "order ", "xoxb-12345678", "ー", "=", ":"),
    ]
)  # fmt: skip


@given(st.text(max_size=80) | st.lists(PIECES | st.text(max_size=3), max_size=16).map("".join))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_redaction_of_any_text_is_idempotent(text: str) -> None:
    once = redact(text)
    again = redact(once.text)
    assert again.text == once.text
    assert not again.kinds
    assert once.kinds or once.text == text


@pytest.mark.parametrize(
    "text", ["TR33 0006 1005 1978 6457 8413 İBAN", "DEſſ İİ33 KK12 0000 0000 000"]
)
def test_letters_that_casefold_to_ascii_do_no_harm(text: str) -> None:
    assert redact(text).kinds == {}


def chars(
    rng: random.Random, count: int, alphabet: str = string.ascii_letters + "0123456789"
) -> str:
    return "".join(rng.choices(alphabet, k=count))


def pem(rng: random.Random, name: str, headers: str = "", count: int = 12) -> str:
    body = "\n".join(chars(rng, 64) for _ in range(count))
    return f"-----BEGIN {name}-----\n{headers}{body}\n{chars(rng, 30)}==\n-----END {name}-----"


@pytest.mark.parametrize(
    ("name", "headers", "count"),
    [
        ("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C\n\n", 25),
        ("PRIVATE KEY", "", 400), ("ENCRYPTED PRIVATE KEY", "", 25), ("EC PRIVATE KEY", "", 3),
        ("OPENSSH PRIVATE KEY", "", 30), ("DSA PRIVATE KEY", "", 9),
        ("PGP PRIVATE KEY BLOCK", "Version: GnuPG v2 - x\nComment: a-b\n\n", 40),
    ],
)  # fmt: skip
def test_private_keys_are_removed_as_a_whole(name: str, headers: str, count: int) -> None:
    rng = random.Random(5)  # noqa: S311 - repeatable on purpose
    key = pem(rng, name, headers, count)
    assert redact(f"my key:\n{key}\nis wrong").text == "my key:\n<KEY_1>\nis wrong"
    assert redact(json.dumps({"k": key})).text == '{"k": "<KEY_1>"}'
    both = redact(f"{key}\nand\n{pem(rng, name, headers, count)}")
    assert both.text == "<KEY_1>\nand\n<KEY_2>"
    cut = key[: len(key) * 3 // 4]
    assert redact(f"here {cut}").text == "here <KEY_1>"
    assert redact(f"here {cut}\n\nis it right?").text == "here <KEY_1>\n\nis it right?"


def test_a_putty_private_key_is_removed() -> None:
    text = (
        "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\nAAAA1\nPrivate-MAC: 00112233445566\nhm"
    )
    assert redact(text).text == "<KEY_1>\nhm"


HEX, UPPER = string.hexdigits[:16], string.ascii_uppercase + "234567"


def secrets(rng: random.Random) -> list[str]:
    """Return random tokens in the makers' forms; the longest run of letters and digits is secret."""

    def any_(count: int) -> str:
        return chars(rng, count)

    def hex_(count: int) -> str:
        return chars(rng, count, HEX)

    return [
        f"sk-ant-api03-{any_(93)}AA", f"sk-proj-{any_(74)}T3BlbkFJ{any_(74)}", f"AKIA{chars(rng, 16, UPPER)}",
        f"ASIA{chars(rng, 16, UPPER)}", f"ghp_{any_(36)}", f"github_pat_{any_(22)}_{any_(59)}",
        f"glpat-{any_(20)}", f"gldt-{any_(20)}", f"glrt-{any_(20)}", f"xoxe.xoxp-1-{any_(160)}",
        f"xoxb-123456789012-123456789012-{any_(24)}", f"xapp-1-A0123-1234-{hex_(60)}",
        f"https://hooks.slack.com/workflows/T0001/A0001/123/{any_(24)}", f"sk_live_{any_(24)}",
        f"rk_test_{any_(24)}", f"whsec_{any_(32)}", f"SK{hex_(32)}", f"AC{hex_(32)}",
        f"SG.{any_(22)}.{any_(43)}", f"npm_{any_(36)}", f"pypi-AgEIcHlwaS5vcmc{any_(60)}",
        f"AIza{any_(35)}", f"ya29.{any_(60)}", f"GOCSPX-{any_(28)}", f"hf_{any_(34)}",
        f"dop_v1_{hex_(64)}", f"dapi{hex_(32)}", f"shpat_{hex_(32)}", f"sq0atp-{any_(22)}",
        f"lin_api_{any_(40)}", f"glsa_{any_(32)}_{hex_(8)}", f"hvs.{any_(95)}", f"key-{hex_(32)}",
        f"PMAK-{hex_(24)}-{hex_(34)}", f"{hex_(32)}-us12", f"xkeysib-{hex_(64)}-{any_(16)}",
        f"123456789:AA{any_(33)}", f"M{any_(23)}.{any_(6)}.{any_(27)}", f"gsk_{any_(52)}",
        f"AGE-SECRET-KEY-1{chars(rng, 58, UPPER)}", f"eyJ{any_(20)}.eyJ{any_(40)}.{any_(43)}",
        f"abc8Q~{any_(33)}", f"dckr_pat_{any_(27)}", f"ATATT3{any_(180)}", f"rubygems_{hex_(48)}",
        f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={any_(86)}==;EndpointSuffix=x.net",
        f"Endpoint=sb://x.net/;SharedAccessKeyName=Root;SharedAccessKey={any_(43)}=",
        f"https://x.blob.core.windows.net/c?sv=2020&sig={any_(43)}%3D&se=2024",
        f"Server=db;Database=x;User Id=sa;Password={any_(16)}1;Encrypt=true",
        f"mongodb+srv://u:{any_(12)}@c0.mongodb.net", f"Authorization: Bearer {any_(30)}",
        f"authorization: Basic {any_(20)}==", f"aws_secret_access_key = {any_(39)}7",
        f"https://{hex_(32)}@o1.ingest.sentry.io/1", f"my api key {any_(31)}7",
        f"https://discord.com/api/webhooks/123456789012345678/{any_(68)}", f"the token {any_(39)}7 is",
        f"https://x.webhook.office.com/webhookb2/{hex_(36)}@{hex_(36)}/IncomingWebhook/{hex_(32)}",
        f"PHPSESSID={any_(26)}", f"Cookie: session={any_(30)}", f"curl -u admin:{any_(12)} https://x.de",
        f"mysql -u root -p{any_(14)}", f"redis-cli -a {any_(14)}", f"--password {any_(13)}7",
        f"<password>{any_(12)}2</password>", f"TWILIO_AUTH_TOKEN={hex_(32)}",
        f"heroku api key: {hex_(8)}-0000-4000-8000-{hex_(12)}", f"curl -H 'X-Api-Key: {any_(20)}1'",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_tokens_of_many_makers_are_removed(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for text in secrets(rng):
        run = "".join(one if one.isalnum() else " " for one in text)
        body = max(run.split(), key=len)
        assert body not in redact(f"see {text} please").text, text


WRAPPED = (
    "key={};", "Name=x;AccountKey={};EndpointSuffix=core.net", '"{}"', "<{}>", "({})", "[{}]", "{},",
    "`{}`", "*{}*", "_{}_", "*_{}_*", "~{}~", "{}\nthen", "token=<{}>", "key: {}", '{{"key": "{}"}}',
    "key=&lt;{}&gt;;", "“{}”", "-{}-", "密码{}谢谢",
)  # fmt: skip


@pytest.mark.parametrize("around", WRAPPED)
def test_tokens_are_removed_in_any_wrapping(around: str) -> None:
    for text in secrets(random.Random(7)):  # noqa: S311 - repeatable on purpose
        run = "".join(one if one.isalnum() else " " for one in text)
        body = max(run.split(), key=len)
        assert body not in redact(f"see {around.format(text)} please").text, text


@pytest.mark.parametrize("value", ["hunter22x", "aB3$kL9#pQ", "Xy7/kk+2zz="])
@pytest.mark.parametrize(
    "written",
    [
        "pwd=<{}>;", "secret = <{}>", "token: <{}>", "key is <{}>", 'api_key=="{}"', "key -> {}",
        "secret \u2192 {}", "token=$'{}'", "auth=b'{}'", 'key="<{}>"', "key=&lt;{}&gt;", "DB_PASS={}",
        "my key: api_key = {}", "auth: token = {}", "az storage --account-key {}",
    ],
)  # fmt: skip
def test_assigned_secrets_are_removed_in_any_wrapping(written: str, value: str) -> None:
    found = redact(f"see {written.format(value)} please").text
    assert value.rstrip("=") not in found
    assert "<KEY_1>" in found


@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_generated_identifiers_are_found_in_a_code_block(kind: str, seed: int) -> None:
    value = MAKERS[kind](random.Random(seed))  # noqa: S311 - repeatable on purpose
    found = redact(f"```\n{value}\n```")
    assert not leaks(secret(Message("", kind, value)), found.text)
