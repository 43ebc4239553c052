"""Any JSON that arrives as an event is parsed or malformed, without other errors."""

from contextlib import suppress
from math import isfinite
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.slack.intake import Intake, actor, parse
from bot.slack.message_kinds import SUBTYPES
from storage.inbox.events import EVENT, Posted, Reacted
from storage.inbox.inbox import Inbox
from storage.records import Record
from storage.workspace.workspaces import Workspaces
from tests.valkeys import Valkey

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
NEARLY_TIMES = st.sampled_from(
    ["", "nan", "inf", "-1.5", "1e3", "1_0.5", "\u0661.5", " 1.5", "10", "1.5.5", "1:", "9" * 400]
)  # fmt: skip
IDS = st.sampled_from(["", "C1:2", "C 1", "C1\n", "{C1}", "c1", "C" * 300, "Ü1", "\ud83d"])
WRITTEN = {"type": "message", "channel": "C1", "ts": "10.5", "user": "U1", "text": "help"}
EDIT = {"subtype": "message_changed", "message": WRITTEN | {"edited": {"ts": "11.0"}, "text": "x"}}
REACTION = {
    "type": "reaction_added",
    "user": "U1",
    "reaction": "+1",
    "item": {"type": "message", "channel": "C1", "ts": "10.5"},
    "event_ts": "12.0",
}
EVENTS: tuple[dict[str, Any], ...] = (
    WRITTEN,
    WRITTEN | EDIT | {"previous_message": WRITTEN},
    WRITTEN | {"subtype": "message_deleted", "deleted_ts": "10.5", "previous_message": WRITTEN},
    REACTION,
)
FIELDS = (*WRITTEN, *REACTION, "message", "previous_message", "deleted_ts", "thread_ts", "bot_id")
FIELDS += ("bot_profile", "app_id", "files", "blocks", "attachments", "edited", "user_profile")
FIELDS += ("team", "user_team")
VALUES = JSON | NEARLY_TIMES | IDS | st.fixed_dictionaries({"ts": JSON | NEARLY_TIMES})
CHANGES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=2)
SUBTYPE: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.builds(
    lambda subtype: {"subtype": subtype}, st.sampled_from(sorted(filter(None, SUBTYPES))) | JSON
)
AROUND = st.just({"team_id": "T1"}) | st.fixed_dictionaries(
    {"team_id": JSON | st.just("T2")},
    optional={
        "context_team_id": JSON,
        "authorizations": JSON | st.lists(st.fixed_dictionaries({"team_id": JSON}), max_size=2),
    },
)


def changed(event: dict[str, Any], changes: dict[str, Any], inner: dict[str, Any]) -> Any:
    """Return an event with replaced fields, also in the message that it contains."""
    found = event | changes
    message = found.get("message")
    return found | {"message": message | inner} if isinstance(message, dict) else found


BODIES = st.builds(
    lambda event, subtype, changes, inner, around: {
        "event": changed(event, subtype | changes, inner),
        **around,
    },
    st.sampled_from(EVENTS),
    SUBTYPE,
    CHANGES,
    CHANGES,
    AROUND,
)


@settings(deadline=None)
@given(BODIES | st.fixed_dictionaries({"event": JSON, "team_id": JSON}))
def test_any_json_is_parsed_or_malformed(body: dict[str, Any]) -> None:
    if isinstance(body["event"], dict):
        assert isinstance(actor(body["event"]), str | None)
    with suppress(ValueError):
        found = parse(body, frozenset({"B1"}), frozenset({"UBOT"}))
        if found is not None:
            assert EVENT.validate_json(found.model_dump_json()) == found


def times(found: Posted | Reacted) -> list[str]:
    if isinstance(found, Reacted):
        return [found.item.ts, found.at]
    versions = filter(None, (found.message, found.before))
    return [time for version in versions for time in (version.id.ts, version.edited or "0")]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
async def test_any_json_is_stored_or_refused(redis: Valkey, body: dict[str, Any]) -> None:
    await redis.flushall()
    inbox = Inbox(redis)
    await inbox.listen("T1")
    intake = Intake(
        inbox,
        Workspaces(redis),
        "T1",
        frozenset({"B1"}),
        frozenset({"UBOT"}),
        emoji_changed=lambda: None,
        missed=lambda: None,
    )
    assert await intake.take(body | {"authorizations": [{"team_id": "T1"}]}) in (True, False)
    taken = await inbox.take("T1", 9, 9)
    assert await inbox.depth("T1") == len(taken.entries)
    assert await inbox.dead("T1") == 0
    for entry in taken.entries:
        event = entry.event
        assert event.item.channel.isalnum()
        assert float(event.item.ts) >= 0
        if isinstance(event, Posted | Reacted):
            assert all(isfinite(float(time)) for time in times(event))
        if isinstance(event, Posted):
            record = Record(message=event.before or event.message).with_version(event.message)
            assert record.as_of(0.0).id == event.item
