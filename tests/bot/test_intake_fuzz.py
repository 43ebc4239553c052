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
_TEXT_FIELDS = ("channel", "ts", "user", "text", "thread_ts", "bot_id", "app_id", "user_team")
_ANY_FIELDS = ("bot_profile", "files", "blocks", "attachments", "edited", "user_profile")
_PLAIN = st.sampled_from(["C1", "U1", "10.5", "B1", "T1", "", "USLACKBOT"]) | JSON


def _message(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "subtype": st.sampled_from(sorted(filter(None, SUBTYPES))) | JSON,
        **dict.fromkeys(_TEXT_FIELDS, _PLAIN),
        **dict.fromkeys(_ANY_FIELDS, JSON),
        **dict.fromkeys(("message", "previous_message", "item"), inner),
        "deleted_ts": _PLAIN,
        "event_ts": _PLAIN,
        "reaction": _PLAIN,
    }
    return st.fixed_dictionaries({}, optional=fields)


EVENTS = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    st.sampled_from(["message", "reaction_added", "reaction_removed", "emoji_changed"]) | JSON,
    _message(JSON | _message(JSON)),
)
BODIES = st.fixed_dictionaries(
    {"event": EVENTS | JSON},
    optional={
        "team_id": _PLAIN,
        "context_team_id": _PLAIN,
        "authorizations": JSON | st.lists(st.fixed_dictionaries({"team_id": _PLAIN}), max_size=2),
    },
)


@settings(max_examples=150, deadline=None)
@given(BODIES)
def test_any_json_is_an_event_or_malformed(body: dict[str, Any]) -> None:
    if isinstance(body["event"], dict):
        assert isinstance(whose(body["event"]), str | None)
    with suppress(ValueError):
        found = parse(body, frozenset({"B1"}), frozenset({"UBOT"}))
        if found is not None:
            assert EVENT.validate_json(found.model_dump_json()) == found
