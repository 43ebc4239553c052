"""Requests are told from other messages by subtype and by signs of an app."""

from typing import Any

import pytest

from bot.slack.message_kinds import SUBTYPES, Kind, author_of, is_request, kind_of

ALLOWED = frozenset({"B1", "A1"})
PERSON = {"type": "message", "ts": "10.5", "user": "U1", "text": "help"}
FORM = {"type": "message", "ts": "10.5", "text": "form"}
DOCUMENTED = {
    "assistant_app_thread": Kind.NOTICE,
    "bot_message": Kind.BOT,
    "channel_archive": Kind.NOTICE,
    "channel_convert_to_private": Kind.NOTICE,
    "channel_join": Kind.NOTICE,
    "channel_leave": Kind.NOTICE,
    "channel_name": Kind.NOTICE,
    "channel_posting_permissions": Kind.NOTICE,
    "channel_purpose": Kind.NOTICE,
    "channel_topic": Kind.NOTICE,
    "channel_unarchive": Kind.NOTICE,
    "document_mention": Kind.NOTICE,
    "ekm_access_denied": Kind.NOTICE,
    "file_comment": Kind.NOTICE,
    "file_mention": Kind.NOTICE,
    "file_share": Kind.REQUEST,
    "group_archive": Kind.NOTICE,
    "group_join": Kind.NOTICE,
    "group_leave": Kind.NOTICE,
    "group_name": Kind.NOTICE,
    "group_purpose": Kind.NOTICE,
    "group_topic": Kind.NOTICE,
    "group_unarchive": Kind.NOTICE,
    "me_message": Kind.REQUEST,
    "message_changed": Kind.CHANGE,
    "message_deleted": Kind.CHANGE,
    "message_replied": Kind.CHANGE,
    "pinned_item": Kind.NOTICE,
    "reminder_add": Kind.NOTICE,
    "thread_broadcast": Kind.REPLY,
    "unpinned_item": Kind.NOTICE,
}
"""Subtypes in https://docs.slack.dev/reference/events/message, with the expected kind."""


@pytest.mark.parametrize(("subtype", "kind"), DOCUMENTED.items())
def test_every_documented_subtype_has_a_kind(subtype: str, kind: Kind) -> None:
    assert SUBTYPES[subtype] is kind
    assert is_request(PERSON | {"subtype": subtype}, ALLOWED) == (kind is Kind.REQUEST)


@pytest.mark.parametrize(
    "subtype", ["bot_add", "huddle_thread", "slackbot_response", "tombstone", "made_up_tomorrow"]
)
def test_other_messages_by_slack_are_not_requests(subtype: str) -> None:
    assert not is_request(PERSON | {"subtype": subtype}, ALLOWED)


@pytest.mark.parametrize(
    "marks",
    [
        {"bot_id": "B9"},
        {"bot_profile": {"id": "B9", "app_id": "A9"}},
        {"app_id": "A9"},
        {"display_as_bot": True},
        {"username": "Zapier", "icons": {"emoji": ":zap:"}},
        {"subtype": "bot_message"},
        {"subtype": "bot_message", "username": "B1"},
        {"subtype": "me_message", "bot_id": "B9"},
        {"subtype": "file_share", "app_id": "A9"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"user": ""},
    ],
)
def test_a_message_by_an_app_must_be_allowed(marks: dict[str, Any]) -> None:
    message = PERSON | marks
    assert kind_of(message) is Kind.BOT
    assert not is_request(message, frozenset())
    assert not is_request(message, ALLOWED)


@pytest.mark.parametrize(
    "marks",
    [
        {"subtype": "bot_message", "bot_id": "B1"},
        {"user": "U9", "bot_profile": {"id": "B1"}},
        {"subtype": "bot_message", "app_id": "A1"},
        {"bot_id": "B9", "bot_profile": {"id": "B9", "app_id": "A1", "is_workflow_bot": True}},
    ],
)
def test_an_app_is_allowed_by_its_bot_or_its_app(marks: dict[str, Any]) -> None:
    assert is_request(FORM | marks, ALLOWED)
    assert not is_request(FORM | marks | {"thread_ts": "9.0"}, ALLOWED)


@pytest.mark.parametrize("marks", [{"user": "U1"}, {"bot_id": "B1"}, {"app_id": "A1"}])
def test_messages_by_the_bot_itself_are_ignored(marks: dict[str, Any]) -> None:
    message = FORM | {"user": "U2"} | marks
    assert not is_request(message, ALLOWED, frozenset(marks.values()))


@pytest.mark.parametrize("mark", [{"filetype": "email"}, {"mode": "email"}])
def test_an_email_that_slackbot_posts_is_a_request(mark: dict[str, Any]) -> None:
    posted = PERSON | {"user": "USLACKBOT", "subtype": "file_share"}
    assert is_request(posted | {"files": [mark | {"plain_text": "help"}]}, frozenset())
    assert not is_request(posted | {"files": [{"filetype": "png"}, None]}, frozenset())


@pytest.mark.parametrize("marks", [{"bot_id": None}, {"username": "ann"}, {"thread_ts": None}])
def test_extra_fields_of_older_servers_change_nothing(marks: dict[str, Any]) -> None:
    assert is_request(PERSON | marks, frozenset())


def test_the_author_is_the_most_exact_id() -> None:
    assert author_of(PERSON | {"bot_id": "B1"}) == "U1"
    assert author_of(FORM | {"bot_profile": {"id": "B2", "app_id": "A2"}}) == "B2"
    assert author_of(FORM | {"app_id": "A2"}) == "A2"
    assert author_of(FORM | {"bot_profile": "junk"}) == ""
