"""Slack events become events of the inbox."""

from typing import Any

import pytest

from bot.slack.intake import actor, parse
from storage.inbox.events import Deleted, Posted, Reacted
from storage.messages import MessageId

AT = MessageId(team="T1", channel="C1", ts="10.5")


def event(**fields: Any) -> dict[str, Any]:
    base = {"type": "message", "channel": "C1", "ts": "10.5", "user": "U1", "text": "hi"}
    return {"type": "event_callback", "team_id": "T1", "event": base | fields}


def shared(**fields: Any) -> dict[str, Any]:
    """Return an event of a channel that another company's workspace shares with ours."""
    around = {"team_id": "T2", "authorizations": [{"team_id": "T1"}], "is_ext_shared_channel": True}
    return event(**fields) | around


def test_a_new_message_becomes_plain_text() -> None:
    found = parse(event(text="<@U2|ava> see <https://x.io|the &amp; docs> &lt;b&gt;"))
    assert isinstance(found, Posted)
    assert (found.message.id, found.message.user) == (AT, "U1")
    assert found.message.text == "@ava see the & docs <b>"


ITEM = {"type": "message", "channel": "C1", "ts": "10.5"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"subtype": "me_message"},
        {"subtype": "message_share"},
        {
            "subtype": "message_changed",
            "message": {"ts": "10.5", "user": "U1", "text": "new", "edited": {"ts": "11.0"}},
        },
        {"subtype": "message_changed", "message": {"ts": "10.5", "subtype": "tombstone"}},
        {"subtype": "message_deleted", "deleted_ts": "10.5"},
        {"type": "reaction_added", "reaction": "+1", "item": ITEM, "event_ts": "13.0"},
        {"type": "reaction_removed", "reaction": "+1", "item": ITEM, "event_ts": "13.0"},
    ],
)
def test_events_of_a_shared_channel_belong_to_our_workspace(fields: dict[str, Any]) -> None:
    found = parse(shared(**fields))
    assert found is not None
    assert found.item == AT


def test_a_reaction_holds_the_workspace_of_its_user() -> None:
    fields = {"type": "reaction_added", "reaction": "+1", "item": ITEM, "event_ts": "13.0"}
    found = parse(shared(**fields, user_team="T2"))
    assert isinstance(found, Reacted)
    assert found.home == "T2"


def test_an_edit_holds_the_text_that_it_replaced() -> None:
    old = {"ts": "10.5", "user": "U1", "text": "old", "edited": {"ts": "10.8"}}
    new = old | {"text": "new", "edited": {"ts": "11.0"}}
    found = parse(event(subtype="message_changed", message=new, previous_message=old))
    assert isinstance(found, Posted)
    assert found.before is not None
    assert (found.before.text, found.before.edited) == ("old", "10.8")
    assert (found.message.text, found.message.edited) == ("new", "11.0")


@pytest.mark.parametrize(
    "fields",
    [
        {"thread_ts": "9.0"},
        {"subtype": "channel_join"},
        {"subtype": "thread_broadcast", "thread_ts": "9.0"},
        {"subtype": "bot_message", "bot_id": "B9"},
        {"bot_id": "B9"},
        {"channel_type": "im"},
        {"subtype": "bot_message"},
        {"app_id": "A9"},
        {"bot_profile": {"id": "B9"}},
        {"username": "Zapier", "icons": {"emoji": ":zap:"}},
        {"type": "app_mention"},
    ],
)
def test_other_messages_are_ignored(fields: dict[str, Any]) -> None:
    assert parse(event(**fields), frozenset({"B1"})) is None


def test_a_message_by_an_allowed_bot_is_read_from_its_blocks() -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "form: *help*"}}]
    found = parse(
        event(subtype="bot_message", bot_id="B1", text="", blocks=blocks), frozenset({"B1"})
    )
    assert isinstance(found, Posted)
    assert found.message.text == "form: *help*"


def test_a_file_without_text_gives_only_its_name() -> None:
    found = parse(event(subtype="file_share", text="", files=[{"title": "invoice.pdf"}]))
    assert isinstance(found, Posted)
    assert (found.message.text, found.message.files) == ("", ("invoice.pdf",))


def test_an_edit_counts_only_if_the_text_changed() -> None:
    old = {"ts": "10.5", "user": "U1", "text": "hi"}
    new = old | {"text": "hello", "edited": {"ts": "11.0"}}
    found = parse(event(subtype="message_changed", message=new, previous_message=old))
    assert isinstance(found, Posted)
    assert (found.message.text, found.message.edited) == ("hello", "11.0")
    preview = old | {"attachments": [], "edited": {"ts": "11.0"}}
    same = event(subtype="message_changed", message=preview, previous_message=old)
    assert parse(same) is None


def test_a_later_transcript_is_an_edit() -> None:
    clip = {"name": "audio_message.m4a", "transcription": {"status": "processing"}}
    old = {"ts": "10.5", "user": "U1", "text": "", "subtype": "file_share", "files": [clip]}
    heard = {"status": "complete", "preview": {"content": "I was charged twice"}}
    new = old | {"files": [clip | {"transcription": heard}]}
    found = parse(event(subtype="message_changed", message=new, previous_message=old, ts="12.0"))
    assert isinstance(found, Posted)
    assert (found.message.text, found.message.edited) == ("I was charged twice", "12.0")
    edited = {"edited": {"ts": "11.0"}, "text": "listen"}
    pair = {"message": new | edited, "previous_message": old | edited}
    again = parse(event(subtype="message_changed", ts="12.0", **pair))
    assert isinstance(again, Posted)
    assert (again.message.text, again.message.edited) == ("listen\nI was charged twice", "12.0")


def test_a_link_preview_is_not_an_edit() -> None:
    old = {"ts": "10.5", "user": "U1", "text": "see <https://x.io>"}
    new = old | {"attachments": [{"from_url": "https://x.io", "text": "a page"}]}
    assert parse(event(subtype="message_changed", message=new, previous_message=old)) is None


def test_a_deletion_refers_to_the_original() -> None:
    assert parse(event(subtype="message_deleted", deleted_ts="10.5", ts="12.0")) == Deleted(id=AT)


def test_a_reaction_loses_its_skin_tone() -> None:
    item = {"type": "message", "channel": "C1", "ts": "10.5"}
    found = parse(
        event(type="reaction_added", reaction="+1::skin-tone-3", item=item, event_ts="13.0")
    )
    assert found == Reacted(item=AT, user="U1", emoji="+1", added=True, at="13.0")


def test_a_lone_surrogate_is_replaced_in_every_field() -> None:
    found = parse(event(text="twice \ud83d", user="U\ude00"))
    assert isinstance(found, Posted)
    assert (found.message.text, found.message.user) == ("twice \ufffd", "U\ufffd")


def test_a_deeply_nested_event_is_malformed() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ValueError, match="too deeply"):
        parse(event(blocks=nested))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "reaction_added"},
        {"type": "reaction_added", "item": 3, "reaction": "x", "event_ts": "1"},
        {"type": "reaction_added", "item": {}, "reaction": "x", "event_ts": "soon"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"ts": None, "channel": None},
        {"ts": "nan"},
        {"ts": "9" * 400},
        {"channel": "C1:2"},
        {"edited": {"ts": "soon"}},
        {"subtype": "message_deleted", "deleted_ts": "inf"},
    ],
)
def test_a_malformed_event_raises_value_error(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="malformed"):
        parse(event(**fields))


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added", "user": "U1"},
        {"subtype": "message_changed", "message": {"user": "U1"}, "previous_message": {}},
        {"subtype": "message_deleted", "previous_message": {"user": "U1"}},
    ],
)
def test_the_actor_of_an_event_is_found(event: dict[str, Any]) -> None:
    assert actor(event) == "U1"
