"""Whatever JSON arrives as an event: it is understood or called malformed, and nothing else."""

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support_triage.bot.intake import parse, whose
from support_triage.bot.message_kinds import SUBTYPES
from support_triage.storage.events import EVENT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
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
CHANGES = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=2)
SUBTYPE: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.builds(
    lambda one: {"subtype": one}, st.sampled_from(sorted(filter(None, SUBTYPES))) | JSON
)
AROUND = st.just({"team_id": "T1"}) | st.fixed_dictionaries(
    {"team_id": JSON | st.just("T2")},
    optional={
        "context_team_id": JSON,
        "authorizations": JSON | st.lists(st.fixed_dictionaries({"team_id": JSON}), max_size=2),
    },
)


def changed(event: dict[str, Any], changes: dict[str, Any], inner: dict[str, Any]) -> Any:
    """Return an event with fields of it, and of the message within, replaced."""
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


@settings(max_examples=150, deadline=None)
@given(BODIES | st.fixed_dictionaries({"event": JSON, "team_id": JSON}))
def test_any_json_is_an_event_or_malformed(body: dict[str, Any]) -> None:
    if isinstance(body["event"], dict):
        assert isinstance(whose(body["event"]), str | None)
    with suppress(ValueError):
        found = parse(body, frozenset({"B1"}), frozenset({"UBOT"}))
        if found is not None:
            assert EVENT.validate_json(found.model_dump_json()) == found
