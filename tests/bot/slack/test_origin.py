"""The workspace of an event, and the membership of people in it."""

from typing import Any

import pytest

from bot.slack.origin import belongs, stated_team, workspace_of

OURS, THEIRS = "T1", "T2"


@pytest.mark.parametrize(
    "body",
    [
        {"authorizations": [{"team_id": OURS}], "team_id": THEIRS},
        {"authorizations": [{"team_id": OURS}], "team_id": THEIRS, "context_team_id": THEIRS},
        {"authorizations": [{"team_id": None, "enterprise_id": "E1"}], "context_team_id": OURS},
        {"authorizations": [{"team_id": None, "is_enterprise_install": True}], "team_id": OURS},
        {"authorizations": [], "context_team_id": OURS, "team_id": THEIRS},
        {"authorizations": None, "team_id": OURS},
        {"authorizations": "junk", "team_id": OURS},
        {"authorizations": ["junk"], "team_id": OURS},
        {"team_id": OURS},
    ],
)
def test_the_workspace_is_that_of_the_installation(body: dict[str, Any]) -> None:
    assert workspace_of(body) == OURS


@pytest.mark.parametrize("body", [{}, {"team_id": None}, {"team_id": ""}, {"team_id": 3}])
def test_an_event_without_a_workspace_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no workspace"):
        workspace_of(body)


@pytest.mark.parametrize(
    ("event", "team"),
    [
        ({"user_team": THEIRS, "team": OURS}, THEIRS),
        ({"team": THEIRS}, THEIRS),
        ({"user_profile": {"team": THEIRS}}, THEIRS),
        ({"user_team": "E1", "team": OURS}, OURS),
        ({"user_team": "E1", "user_profile": None}, ""),
        ({}, ""),
    ],
)
def test_the_workspace_of_the_actor_is_read_from_the_event(
    event: dict[str, Any], team: str
) -> None:
    assert stated_team(event) == team


@pytest.mark.parametrize(
    ("person", "stated", "member"),
    [
        ({"team_id": OURS}, "", True),
        ({"team_id": OURS}, OURS, True),
        ({"team_id": OURS}, THEIRS, False),  # another person with the same id
        ({"team_id": THEIRS}, "", False),
        ({"team_id": OURS, "is_stranger": True}, "", False),
        ({"team_id": "T3", "enterprise_user": {"teams": ["T3", OURS]}}, "T3", True),
        ({"team_id": "T3", "enterprise_user": {"teams": ["T3"]}}, "", False),
        ({"enterprise_user": None}, "", True),
    ],
)
def test_membership_follows_users_info(
    person: dict[str, Any], stated: str, *, member: bool
) -> None:
    assert belongs(person, OURS, stated) == member
