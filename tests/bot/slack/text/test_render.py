"""Untrusted text in Slack is shown literally, within the limits, without active mark-up."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.text.render import code, escaped, fenced, inline, whole_lines
from sandbox.web_api.block_limits import check_blocks

NASTY = [
    "<a>1</a>" * 1_000,
    "&" * 3_000,
    "<!channel> <@U0AVA> <https://evil.example|your bank> <!subteam^S1>",
    "😀" * 3_000,
    "half \ud83d of an emoji",
    "```\nnot a fence\n``` `x` *bold* _it_ ~no~",
    "\u202egnp.exe\u0000\u200b",
    "&lt;b&gt; &amp;amp; <b",
    "",
    "   \n\t ",
]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("most", [1, 2, 75, 150, 3_000])
def test_a_text_is_escaped_then_cut_and_no_entity_is_split(text: str, most: int) -> None:
    shown = escaped(text, most)
    assert units(shown) <= most
    assert not set("<>") & set(shown)
    read = html.unescape(shown).removesuffix("…")
    assert text.replace("\ud83d", "\ufffd").startswith(read)
    assert escaped(read, 100_000) == shown.removesuffix("…")  # no half entity


def test_a_text_that_fits_is_complete() -> None:
    assert escaped("x" * 3_000) == "x" * 3_000
    assert escaped("<" * 750) == "&lt;" * 750
    assert escaped("<" * 751) == "&lt;" * 749 + "…"


@given(st.text(), st.integers(1, 200))
def test_any_text_fits_anywhere(text: str, most: int) -> None:
    for shown in (escaped(text, most), inline(text, most)):
        assert units(shown) <= most
        assert "<" not in shown
        shown.encode()
    assert "\n" not in inline(text, most)
    assert code(text).count("`") == 2
    assert fenced([text]).count("```") == 2
    assert units(fenced([text])) <= 10_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\n lines  and\tmore", "two lines and more"),
        ("*bold* _it_ ~no~", "\u2217bold\u2217 \u02cdit\u02cd \u223cno\u223c"),
        ("MY_LABEL_2 3*4", "MY_LABEL_2 3*4"),
        ("`code` ```fence", "'code' '''fence"),
        ("\u202egnp.exe", "gnp.exe"),
        ("<!here> & <@U1>", "&lt;!here&gt; &amp; &lt;@U1&gt;"),
    ],
)
def test_inline_text_has_no_formatting(text: str, shown: str) -> None:
    assert inline(text) == shown


def test_code_and_fences_cannot_be_closed_by_their_text() -> None:
    assert code("a`b") == "`a'b`"
    assert code("") == "` `"
    assert fenced(["a```b", "<x>"]) == "```a'''b\n&lt;x&gt;```"
    assert 9_900 < units(fenced(["<" * 5_000])) <= 10_000


def test_a_long_answer_ends_between_two_lines_and_says_so() -> None:
    lines = [f"• &lt;{number}&gt;" for number in range(2_000)]
    shown = whole_lines("\n".join(lines))
    kept = shown.split("\n")
    assert units(shown) <= 12_000
    assert kept[:-1] == lines[: len(kept) - 1]
    assert "left out" in kept[-1]
    assert whole_lines("short") == "short"
    cut = whole_lines("```" + "\n".join(lines) + "```")
    assert cut.count("```") == 2


@pytest.mark.parametrize("text", NASTY)
def test_the_sandbox_accepts_a_section(text: str) -> None:
    shown = escaped(text) or "-"
    check_blocks([{"type": "section", "text": {"type": "mrkdwn", "text": shown}}], 50)
