"""Helpdesk cells become the writer's own words in plain text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.reading.mail_text import mail_text

SAID = "It still crashes"


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("<p>My card was <b>charged</b> twice</p><p>Best,<br>Jane</p>",
         "My card was charged twice\nBest,\nJane"),
        ("Hello<br>my card&nbsp;failed &amp; more<br/>bye", "Hello\nmy card failed & more\nbye"),
        ("<html><head><style>p{}</style></head><body><div>Hi</div></body></html>", "Hi"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ('<p>New</p><div class="gmail_quote"><blockquote>old</blockquote></div>', "New"),
        ("<p>1 &lt; 2</p><script>alert(1)</script>", "1 < 2"),
        ('<p>New</p><div id="divRplyFwdMsg"><b>From:</b> a</div><div>old</div>', "New"),
        ("<p></p>", ""),
        ("use the <p> tag", "use the <p> tag"),
        ("a < b and c > d", "a < b and c > d"),
    ],
)  # fmt: skip
def test_html_becomes_plain_text(cell: str, wanted: str) -> None:
    assert mail_text(cell) == wanted


@pytest.mark.parametrize(
    "rest",
    [
        "On Mon, Jan 5, 2026 at 10:00 AM Support <s@x.com> wrote:\n> Hello\n> did you",
        "Am 05.01.2026 um 10:00 schrieb Support <a@b.de>:\n> Hallo",
        "Le lun. 5 janv. 2026 à 10:00, Support <a@b>\na écrit :\n> x",
        "El lun, 5 ene 2026, Soporte <a@b> escribió:\n> x",
        "Il giorno lun 5 gen 2026 alle 10:00 Supporto <a@b> ha scritto:\n> x",
        "Op ma 5 jan. 2026 om 10:00 schreef Support <a@b>:\n> x",
        "Em seg., 5 de jan. de 2026, Suporte <a@b> escreveu:\n> x",
        "From: Support\nSent: Monday\nTo: Jane\nSubject: Re: x\n\nold text",
        "Von: Support\nGesendet: Montag\nAn: Jane\nBetreff: AW: x\n\nalter Text",
        "-----Original Message-----\nFrom: a",
        "-- \nJane Doe\nACME",
        "> only\n> what was said before",
        "Sent from my iPhone",
        "man. 5. jan. 2026 kl. 10:00 skrev Support <s@x.com>:\nold",
        "ma 5. tammik. 2026 klo 10.00 Support (s@x.com) kirjoitti:\nold",
        "pon., 5 sty 2026 o 10:00 Support <s@x.com> napisał(a):\nold",
        "пн, 5 янв. 2026 г. в 10:00, Support <s@x.com>:\nold",  # noqa: RUF001
        "Support <s@x.com>, 5 Oca 2026 Pzt, 10:00 tarihinde\nşunu yazdı:\nold",  # noqa: RUF001
        "2026年1月5日(月) 10:00 Support <s@x.com>:\nold",
        "Support <s@x.com> 于2026年1月5日周一 10:00写道\uff1a\nold",
        "2026년 1월 5일 (월) 오전 10:00, Support <s@x.com>님이 작성:\nold",
        "في الاثنين، 5 يناير 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Support <s@x.com>:\nold",
        "差出人: Support\n送信日時: 2026年1月5日\n宛先: Jane\n件名: RE: x\n\nold",
        "发件人\uff1aSupport\n收件人\uff1aJane\n主题\uff1aRE: x\n\nold",
        "Fra: Support\nSendt: mandag\nTil: Jane\nEmne: RE: x\n\nold",
        "------------------ 原始邮件 ------------------\nold",
        "##- Please type your reply above this line -##\n\nold",
        "Von meinem iPhone gesendet",
        "iPhoneから送信",
        "发自我的iPhone",
    ],
)
def test_quoted_replies_and_signatures_are_removed(rest: str) -> None:
    assert mail_text(f"{SAID}\n\n{rest}") == SAID


@pytest.mark.parametrize(
    "whole",
    [
        "> only\n> quoted",
        "I pay since 10:00 on 2026-01-05:\nnothing came",
        "It crashes on my iPhone\nand nothing is sent",
        "My booking:\nFrom: Berlin\nTo: Munich\nis wrong",
        "---------- Forwarded message ---------\nFrom: Jane\nSubject: x\n\nThe app is broken",
        "- one\n- two\n-x is a flag",
    ],
)
def test_text_that_resembles_a_quote_is_kept(whole: str) -> None:
    assert mail_text(whole) == whole


def test_text_below_the_reply_above_line_is_kept() -> None:
    assert mail_text(f"##- Please type your reply above this line -##\n\n{SAID}") == SAID


def test_text_after_a_quote_is_kept() -> None:
    assert mail_text("> did you restart?\nYes, twice") == "Yes, twice"


@pytest.mark.parametrize(
    "evil",
    [
        "<div>" * 100_000 + "x</div>",
        "<div>" * 4_900 + "x</div>",
        "<b>" * 100_000 + "x</b>",
        "<" * 500_000 + "<p></p>",
        "<p " * 200_000 + "<b></b>",
        "On " * 50_000 + "\nx",
        "\n".join(["On " + "wrote " * 90] * 500),
        "From: a\n" * 5_000,
    ],
)
def test_no_cell_takes_long(evil: str) -> None:
    started = time.process_time()
    mail_text(evil)
    assert time.process_time() - started < 3


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["<p>", "</p>", "<br>", "\n", "> ", "--", "On x wrote:", "&lt;"])
                | st.text(max_size=5), max_size=20).map("".join))  # fmt: skip
def test_no_text_raises(text: str) -> None:
    assert isinstance(mail_text(text), str)
