"""Find the workspace of an event or command, and check who belongs to it.

In a channel shared with another company (Slack Connect), `team_id` may be the other company's.
Sources: https://docs.slack.dev/apis/slack-connect, https://docs.slack.dev/apis/events-api.
"""

from typing import Any

ELSEWHERE = "This bot answers in another workspace. Ask its admins there."
"""The answer to a command that comes from another workspace."""

ORGANIZATION = (
    "SLACK_BOT_TOKEN: the app is installed for a whole organization, but the bot serves one "
    "workspace. Install the app in that workspace and copy its Bot User OAuth Token."
)
"""The error for a token whose `auth.test` says `is_enterprise_install`."""


def workspace_of(body: dict[str, Any]) -> str:
    """Return the workspace that receives an event; raise ValueError if the event names none.

    `authorizations` names the installation. Older servers omit it, and its `team_id` is null if
    the app is installed for a whole organization; then use `context_team_id`.
    """
    authorized = body.get("authorizations")
    first = authorized[0] if isinstance(authorized, list) and authorized else {}
    given = first.get("team_id") if isinstance(first, dict) else None
    for found in (given, body.get("context_team_id"), body.get("team_id")):
        if isinstance(found, str) and found:
            return found
    raise ValueError("the event names no workspace")


def stated_team(event: dict[str, Any]) -> str:
    """Return the workspace of the person who acted, "" if the event does not name it.

    Slack may name an organization (E…) instead, which does not identify the workspace.
    """
    profile = event.get("user_profile")
    home = profile.get("team") if isinstance(profile, dict) else None
    for found in (event.get("user_team"), event.get("team"), home):
        if isinstance(found, str) and found.startswith("T"):
            return found
    return ""


def belongs(person: dict[str, Any], team: str, stated: str = "") -> bool:
    """Return True if a person, as `users.info` describes them, is a member of a workspace.

    `stated` is the workspace that an event names for them. If the person is not in it, the
    event is about somebody else with the same id.
    """
    grid = person.get("enterprise_user")
    teams = grid.get("teams") if isinstance(grid, dict) else None
    homes = {person.get("team_id") or team, *(teams if isinstance(teams, list) else [])}
    if person.get("is_stranger") or team not in homes:
        return False
    return not stated or stated in homes
