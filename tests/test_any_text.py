"""No text from outside makes a reader or a renderer raise, or grows beyond its limit."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.config import load_config
from bot.message.cards import Place, card
from bot.slack.intake import parse
from bot.slack.text.markup import file_names, text_of
from classifiers.base import Neighbour, Prediction
from classifiers.llm import prompt
from classifiers.local.tfidf import word_counts
from classifiers.text import KEPT_CHARS, has_words, without_emoji
from storage.inbox.events import EVENT, Posted
from storage.messages import Message, MessageId

CONFIG = load_config(Path("triage.toml"))
PIECES = st.sampled_from(
    [
        "<", ">", "|", "&", "&amp;", "&#", "<@U1>", "<!date^1^x>", "<!date^9e999^x|y>",
        "<https://x|", "\ud83d", "\ude00", "\x00", "\x1b[", "\u202e", "\u200b", "\u3164", "İ",
        "ß", "```", "*", "_", ":a:", ":", "@", "://", "…", "\n", "<p>", "[/b]", "<|im_start|>",
        "9" * 40, "😀", "請求書", " ",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(st.characters(exclude_categories=()), max_size=8)).map("".join)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
NAMES = st.sampled_from(
    [
        "type", "text", "blocks", "elements", "attachments", "files", "fields", "title", "value",
        "message_blocks", "message", "rows", "style", "indent", "offset", "name", "url",
        "timestamp", "fallback", "preview", "plain_text", "from", "transcription", "mode",
        "accessory", "is_share",
    ]
)  # fmt: skip
KINDS = st.sampled_from(
    [
        "rich_text", "rich_text_section", "rich_text_list", "rich_text_quote", "text", "link",
        "date", "emoji", "section", "mrkdwn", "table", "image", "markdown", "raw_number",
        "email",
    ]
)  # fmt: skip
JSON = st.recursive(
    LEAVES | KINDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
MESSAGES = st.dictionaries(NAMES, JSON, max_size=8)
AT = MessageId(team="T1", channel="C1", ts="1.5")


@settings(deadline=None)
@given(MESSAGES)
def test_any_message_has_a_text_that_can_be_stored(message: dict[str, Any]) -> None:
    text, files = text_of(message), file_names(message)
    assert len(text) <= KEPT_CHARS
    stored = Message(id=AT, user="U1", text=text, files=files).model_dump_json()
    assert Message.model_validate_json(stored).text == text
    assert text_of({"text": text_of({"text": "a"})}) == "a"


@settings(deadline=None)
@given(TEXTS, MESSAGES)
def test_any_text_is_received_and_stored(text: str, more: dict[str, Any]) -> None:
    event = {
        **more,
        "type": "message",
        "channel": "C1",
        "ts": "1.5",
        "user": f"U{text}",
        "text": text,
    }
    found = parse({"event": event, "team_id": "T1"})
    assert isinstance(found, Posted)
    assert EVENT.validate_json(found.model_dump_json()) == found


@settings(deadline=None)
@given(MESSAGES, MESSAGES)
def test_any_event_is_accepted_or_malformed(event: dict[str, Any], inner: dict[str, Any]) -> None:
    for subtype in ("message_changed", "message_deleted", None):
        happened = {"channel": "C1", **event, "type": "message", "subtype": subtype}
        try:
            parse({"event": happened | {"message": inner, "previous_message": event}})
        except ValueError as error:
            assert "malformed" in str(error)  # noqa: PT017 - an error is allowed, not required


@settings(deadline=None)
@given(TEXTS)
def test_any_text_is_read_by_classifiers(text: str) -> None:
    assert word_counts([text]).shape[0] == 1
    assert has_words(text) in (True, False)
    assert len(without_emoji(text)) <= len(text)
    label_set = CONFIG.label_set
    turns = prompt.messages(label_set, [Neighbour(text, label_set.names[0], 0.5)], text)
    json.dumps(turns, ensure_ascii=False).encode()
    assert prompt.parse(text, label_set.names) in {None, *label_set.names}


@settings(deadline=None)
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_is_shown_on_a_card(text: str, author: str, files: list[str]) -> None:
    message = Message(id=AT, user="U1", text=text, files=tuple(files))
    near = (Neighbour(text, "BILLING", 0.5),)
    shown = card(
        CONFIG.model_copy(update={"cards": CONFIG.cards.model_copy(update={"redact": False})}),
        message,
        Place("C2", author, None, ""),
        label="BILLING",
        prediction=Prediction("BILLING", 0.9, neighbours=near),
        standing=None,
    )
    json.dumps([shown.blocks, shown.text], ensure_ascii=False).encode()
