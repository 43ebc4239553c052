"""Listeners for `/triage` and buttons: store a command, acknowledge it, leave it to a worker."""

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.slack.origin import ELSEWHERE
from storage.errors import StorageUnavailableError
from storage.inbox.events import Asked
from storage.inbox.inbox import Inbox
from storage.messages import MessageId

log = structlog.get_logger()


def asked(command: dict[str, Any]) -> Asked:
    """Return the event of a slash command; its channel is the pseudo-channel `/triage`."""
    return Asked(
        item=MessageId(team=command["team_id"], channel="/triage", ts=command["trigger_id"]),
        user=command["user_id"],
        text=command.get("text") or "",
        response_url=command["response_url"],
    )


def register(app: AsyncApp, inbox: Inbox, team: str) -> None:
    """Listen to `/triage`, and acknowledge clicks on link buttons."""

    async def triage(ack: Any, command: dict[str, Any]) -> None:
        if command.get("team_id") != team:
            await ack(ELSEWHERE)
            return
        try:
            await inbox.receive(asked(command))
        except StorageUnavailableError as error:
            log.warning("command.not_stored", error=type(error).__name__)
            await ack("That didn't work: my storage is unavailable or full. Try again in a minute.")
        else:
            await ack()

    async def open_message(ack: Any) -> None:
        await ack()

    app.command("/triage")(triage)
    app.action("open_message")(open_message)
