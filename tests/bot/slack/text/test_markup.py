"""The visible text of a message, in order and without repetitions."""

from typing import Any

import pytest

from bot.slack.text.markup import file_names, text_of, to_plain
from bot.slack.text.render import escaped
from classifiers.text import KEPT_CHARS, has_words

QUESTION = "I was charged twice for my subscription"


def section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def said(text: str) -> dict[str, Any]:
    return section({"type": "text", "text": text})


def rich(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": list(elements)}]


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def of_blocks(*blocks: dict[str, Any]) -> str:
    return text_of({"text": "New message", "blocks": list(blocks)})


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<@U2|ava> see <https://x.io|the &amp; docs> &lt;b&gt;", "@ava see the & docs <b>"),
        ("<!here> <#C1|general> <mailto:a@b.c|a@b.c>", "@here #general a@b.c"),
        ("<!subteam^S1|@support> <!subteam^S1> <@U1>", "@support @group @someone"),
        ("<@U1>请问 <https://x.io>请问", "@someone 请问 https://x.io 请问"),
        (
            "<!date^1392734382^{date}|18 Feb> <!date^1392734382^{date}>",
            "18 Feb 2014-02-18 14:39 UTC",
        ),
        ("<!date^soon^{date}>", ""),
        ("&amp;lt;b&amp;gt; &amp;copy; &#39;", "&lt;b&gt; &copy; &#39;"),
        (f"&#{'9' * 5_000};", f"&#{'9' * 5_000};"),
    ],
)
def test_mrkdwn_becomes_visible_text(text: str, plain: str) -> None:
    assert to_plain(text) == plain


def test_escaped_text_is_harmless() -> None:
    hostile = "<!channel> & <@U1> <https://evil|click>"
    assert "<" not in escaped(hostile)
    assert to_plain(escaped(hostile)) == hostile


def test_rich_text_includes_lists_quotes_code_and_mentions() -> None:
    blocks = rich(
        section(
            {"type": "text", "text": "Hi ", "style": {"bold": True}},
            {"type": "user", "user_id": "U1"},
            {"type": "text", "text": " "},
            {"type": "usergroup", "usergroup_id": "S1"},
            {"type": "text", "text": " in "},
            {"type": "channel", "channel_id": "C1"},
            {"type": "text", "text": " "},
            {"type": "broadcast", "range": "channel"},
            {"type": "emoji", "name": "wave"},
            {"type": "text", "text": " a < b & c\n"},
            {"type": "link", "url": "https://x.io/1", "text": "the docs"},
            {"type": "text", "text": " "},
            {"type": "link", "url": "mailto:a@b.c"},
            {"type": "text", "text": " "},
            {"type": "date", "timestamp": 1392734382, "format": "{date}", "fallback": "18 Feb"},
            {"type": "text", "text": " "},
            {"type": "date", "timestamp": 1392734382, "format": "{date}"},
            {"type": "text", "text": " "},
            {"type": "color", "value": "#ff0000"},
            {"type": "new_kind", "text": " and more"},
        ),
        {"type": "rich_text_list", "style": "ordered", "elements": [said("one"), said("two")]},
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [said("deeper")]},
        {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [said("three")]},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [said("top"), {"type": "rich_text_list", "elements": [said("nested")]}],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "you said\nso"}]},
        {
            "type": "rich_text_preformatted",
            "elements": [{"type": "text", "text": "Error 500\n  x"}],
        },
    )
    assert text_of({"text": "fallback", "blocks": blocks}).splitlines() == [
        "Hi @someone @group in #channel @channel:wave: a < b & c",
        "the docs a@b.c 18 Feb 2014-02-18 14:39 UTC #ff0000 and more",
        "1. one",
        "2. two",
        "  • deeper",
        "3. three",
        "• top",
        "  • nested",
        "> you said",
        "> so",
        "Error 500",
        "  x",
    ]


@pytest.mark.parametrize(
    ("block", "seen"),
    [
        ({"type": "header", "text": {"type": "plain_text", "text": "A &amp; B"}}, "A & B"),
        (
            {
                "type": "section",
                "text": mrkdwn("*Hello* <https://x.io|docs>"),
                "fields": [mrkdwn("*Plan*\nPro"), mrkdwn("Seats")],
                "accessory": {"type": "image", "image_url": "https://x/1", "alt_text": "a chart"},
            },
            "*Hello* docs\n*Plan*\nPro\nSeats\na chart",
        ),
        (
            {
                "type": "context",
                "elements": [{"type": "image", "alt_text": "red dot"}, mrkdwn("Sent by form")],
            },
            "red dot\nSent by form",
        ),
        (
            {"type": "image", "alt_text": "a chart", "title": {"type": "plain_text", "text": "Q3"}},
            "Q3",
        ),
        ({"type": "image", "alt_text": "an error message"}, "an error message"),
        (
            {
                "type": "video",
                "title": {"type": "plain_text", "text": "How it fails"},
                "author_name": "Ava",
                "description": {"type": "plain_text", "text": "Recorded today"},
                "alt_text": "video",
            },
            "How it fails\nAva\nRecorded today",
        ),
        (
            {
                "type": "input",
                "label": {"type": "plain_text", "text": "Order number"},
                "hint": {"type": "plain_text", "text": "Seven digits"},
                "element": {"type": "plain_text_input", "placeholder": {"text": "unseen"}},
            },
            "Order number\nSeven digits",
        ),
        (
            {"type": "markdown", "text": "# Refund\n**Now** see [the docs](https://x.io) a &lt; b"},
            "Refund\nNow see the docs a < b",
        ),
        (
            {
                "type": "data_table",
                "caption": "Orders",
                "rows": [
                    [{"type": "raw_text", "text": "Order"}, {"type": "raw_text", "text": "Sum"}],
                    [
                        {"type": "rich_text", "elements": [said("A-1")]},
                        {"type": "raw_number", "value": 12.5},
                    ],
                ],
            },
            "Orders\nOrder | Sum\nA-1 | 12.5",
        ),
        (
            {
                "type": "card",
                "hero_image": {"type": "image", "alt_text": "hero"},
                "title": mrkdwn("Order 12"),
                "subtitle": mrkdwn("late"),
                "body": mrkdwn("Where is it?"),
                "actions": [{"type": "button", "text": {"type": "plain_text", "text": "Open"}}],
            },
            "Order 12\nlate\nWhere is it?",
        ),
        (
            {"type": "carousel", "elements": [{"type": "card", "title": mrkdwn("one")}]},
            "one",
        ),
        ({"type": "alert", "text": mrkdwn("Payment failed"), "level": "error"}, "Payment failed"),
        (
            {
                "type": "container",
                "title": {"type": "plain_text", "text": "Ticket"},
                "child_blocks": [{"type": "section", "text": mrkdwn("Cannot log in")}],
            },
            "Ticket\nCannot log in",
        ),
        (
            {
                "type": "plan",
                "title": "Steps",
                "tasks": [
                    {"type": "task_card", "title": "Check", "details": rich(said("the log"))[0]}
                ],
            },
            "Steps\nCheck\nthe log",
        ),
        (
            {"type": "of_next_year", "text": mrkdwn("still read"), "elements": [mrkdwn("too")]},
            "still read\ntoo",
        ),
    ],
)
def test_blocks_are_read_in_order_and_instead_of_the_fallback(
    block: dict[str, Any], seen: str
) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Press"}}
    assert of_blocks(block, {"type": "actions", "elements": [button]}, {"type": "divider"}) == seen


def test_text_and_blocks_with_the_same_words_are_read_once() -> None:
    assert text_of({"text": QUESTION, "blocks": rich(said(QUESTION))}) == QUESTION
    cut = {"text": f"{QUESTION[:20]}…", "blocks": rich(said(QUESTION))}
    assert text_of(cut) == QUESTION


def test_the_text_is_read_if_blocks_have_no_words() -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Press"}}
    for blocks in ([], "junk", [{"type": "actions", "elements": [button]}], rich()):
        assert text_of({"text": QUESTION, "blocks": blocks}) == QUESTION


def test_a_form_is_read_with_its_fields() -> None:
    form = {
        "fallback": "New ticket from Jane",
        "pretext": "New ticket",
        "author_name": "Jane",
        "title": "Charged twice",
        "title_link": "https://x.io",
        "text": "See the *bank* statement",
        "fields": [
            {"title": "Order", "value": "A-1", "short": True},
            {"title": "", "value": "No title"},
            {"title": "Seats", "value": 3},
        ],
        "footer": "Web form",
        "actions": [{"type": "button", "text": "Open"}],
    }
    assert text_of({"text": "Incoming", "attachments": [form]}).splitlines() == [
        "Incoming",
        "New ticket",
        "Jane",
        "Charged twice",
        "See the *bank* statement",
        "Order: A-1",
        "No title",
        "Seats: 3",
        "Web form",
    ]


def test_a_form_in_blocks_is_read_without_its_placeholder() -> None:
    blocks = [{"type": "section", "text": mrkdwn(QUESTION)}]
    form = {"fallback": "[no preview available]", "blocks": blocks}
    assert text_of({"text": "", "attachments": [form]}) == QUESTION
    assert text_of({"attachments": [{"fallback": "[no preview available]"}]}) == ""
    assert text_of({"attachments": [{"fallback": QUESTION}]}) == QUESTION


def test_a_forwarded_message_is_read_beside_the_comment_once() -> None:
    quoted = {"team": "T1", "channel": "C9", "message": {"blocks": rich(said(QUESTION))}}
    forwarded = {
        "is_msg_unfurl": True,
        "is_share": True,
        "from_url": "https://x.slack.com/archives/C9/p1",
        "author_name": "Cleo",
        "text": QUESTION,
        "fallback": f"[1 May] Cleo: {QUESTION}",
        "message_blocks": [quoted],
        "footer": "Posted in #general",
        "files": [{"name": "bill.pdf"}],
    }
    message = {"text": "can you help her?", "attachments": [forwarded]}
    assert text_of(message) == f"can you help her?\nCleo\n{QUESTION}"
    assert file_names(message) == ("bill.pdf",)
    forwarded["fields"] = [{"title": "Plan", "value": "Team"}]
    assert text_of(message) == f"can you help her?\nCleo\n{QUESTION}\nPlan: Team"
    del forwarded["fields"]
    del forwarded["message_blocks"]
    assert text_of(message) == f"can you help her?\nCleo\n{QUESTION}\nPosted in #general"
    nested = {"is_share": True, "author_name": "Bo", "text": "fyi", "attachments": [forwarded]}
    assert QUESTION in text_of({"text": "", "attachments": [nested]})


@pytest.mark.parametrize(
    "preview",
    [
        {"from_url": "https://x.io", "title": "Refunds", "text": "How to be refunded"},
        {"original_url": "https://x.io", "title": "Refunds"},
        {"is_app_unfurl": True, "blocks": [{"type": "section", "text": mrkdwn("Refunds")}]},
    ],
)
def test_a_link_preview_is_not_part_of_the_text(preview: dict[str, Any]) -> None:
    found = text_of({"text": "<https://x.io>", "attachments": [preview]})
    assert found == "https://x.io"
    assert not has_words(found)


def test_a_text_that_an_attachment_repeats_is_read_once() -> None:
    for repeated in ({"text": QUESTION}, {"pretext": "New", "text": QUESTION}):
        assert text_of({"text": QUESTION, "attachments": [repeated]}).count(QUESTION) == 1
    twice = [{"text": QUESTION}, {"text": QUESTION}]
    assert text_of({"text": f"{QUESTION[:20]}…", "attachments": twice}) == QUESTION
    short = {"text": "yes", "attachments": [{"text": "They say yes and no"}]}
    assert text_of(short) == "yes\nThey say yes and no"


EMAIL = {
    "mode": "email",
    "filetype": "email",
    "title": "Charged twice",
    "name": "Charged twice",
    "subject": "Charged twice",
    "from": [
        {"address": "jane@example.org", "name": "Jane", "original": "Jane <jane@example.org>"}
    ],
    "plain_text": "Hello,\nplease refund one of them.",
    "preview": "<p>Hello,</p>",
    "preview_plain_text": "Hello,",
}


def test_an_email_is_read_completely() -> None:
    expected = "Charged twice\nFrom: Jane <jane@example.org>\nHello,\nplease refund one of them."
    assert text_of({"text": "", "files": [EMAIL]}) == expected
    cut = {key: value for key, value in EMAIL.items() if key != "plain_text"}
    assert text_of({"files": [cut]}).endswith("\nHello,")
    page = "<style>p{}</style><p>Hello&nbsp;you,</p><p>a &lt; b<br>end &#99999999999;</p>"
    bare = {"mode": "email", "subject": "Hi", "preview": page}
    assert text_of({"files": [bare]}) == "Hi\nHello you,\na < b\nend \ufffd"


def test_voice_clips_and_snippets_are_read_without_file_names() -> None:
    clip = {
        "name": "audio_message.m4a",
        "subtype": "slack_audio",
        "transcription": {
            "status": "complete",
            "preview": {"content": QUESTION, "has_more": False},
        },
    }
    assert text_of({"text": "", "files": [clip]}) == QUESTION
    snippet = {"mode": "snippet", "title": "error.log", "preview": "Error 500 at checkout"}
    picture = {"name": "image.png", "title": "image.png", "alt_txt": "the error page"}
    message = {"text": "look", "files": [snippet, picture]}
    assert text_of(message) == "look\nError 500 at checkout\nthe error page"
    assert file_names(message) == ("error.log", "image.png")
    unheard = {"name": "a.m4a", "transcription": {"status": "processing"}}
    assert text_of({"files": [unheard, {"name": "image.png"}, {"mode": "tombstone"}]}) == ""


def test_names_of_files_are_few_short_and_on_one_line() -> None:
    files = [{"name": f"{number}\n{'x' * 300}"} for number in range(30)]
    names = file_names({"files": files})
    assert len(names) == 10
    assert all(len(name) == 100 and "\n" not in name for name in names)


def test_a_long_message_is_kept_in_part() -> None:
    found = text_of({"text": "start " + "words " * 6_000 + "end"})
    assert len(found) <= KEPT_CHARS
    assert found.startswith("start ")
    assert found.endswith(" end")
    assert "[… cut: 36,009 characters …]" in found


def test_the_number_of_compared_parts_is_bounded() -> None:
    forms = [{"text": f"the words of form {number}"} for number in range(2_000)]
    found = text_of({"text": "See these", "attachments": forms})
    assert "the words of form 100\n" in found
    assert "the words of form 1999" not in found


def test_invisible_characters_are_removed() -> None:
    assert text_of({"text": " in\x00voice\x1b[31m \ud83d "}) == "invoice[31m \ufffd"


def test_junk_gives_no_text() -> None:
    assert text_of({"text": None, "blocks": "junk", "attachments": [3], "files": {}}) == ""
    assert text_of({"text": 3, "blocks": {"type": 3}, "files": [{"name": 3, "from": "x"}]}) == ""
    assert file_names({"files": [3], "attachments": [{"files": "x"}]}) == ()
