"""Cells of helpdesks: what the writer said, in plain text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_triage.learning.mail_text import mail_text

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
    ],
)
def test_quoted_replies_and_signatures_go(rest: str) -> None:
    assert mail_text(f"{SAID}\n\n{rest}") == SAID


@pytest.mark.parametrize(
    "whole",
    [
        "> only\n> quoted",
        "My booking:\nFrom: Berlin\nTo: Munich\nis wrong",
        "---------- Forwarded message ---------\nFrom: Jane\nSubject: x\n\nThe app is broken",
        "- one\n- two\n-x is a flag",
    ],
)
def test_what_looks_alike_stays(whole: str) -> None:
    assert mail_text(whole) == whole


def test_what_follows_a_quote_stays() -> None:
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
def test_it_never_raises(text: str) -> None:
    assert isinstance(mail_text(text), str)
