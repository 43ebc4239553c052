"""Where `/triage` arrives: who may, which verb, and the answer only they see."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from support_triage.bot.advising import Advising
from support_triage.bot.champion import ChampionClassifier
from support_triage.bot.commands import (
    accuracy,
    advice,
    cancel,
    conflicts,
    export,
    forget,
    helping,
    jobs,
    labels,
    models,
    promote,
    rollback,
    status,
    train,
)
from support_triage.bot.commands.context import Context
from support_triage.bot.config import Config
from support_triage.bot.directory import Directory
from support_triage.bot.gateway import Gateway, GatewayError
from support_triage.bot.origin import ELSEWHERE
from support_triage.bot.promoting import Promoting
from support_triage.bot.slack_text import code, sentence, whole_lines
from support_triage.classifiers.base import Embedder
from support_triage.learning.finetune.trainer import Trainer
from support_triage.storage.errors import StorageError
from support_triage.storage.examples import Examples
from support_triage.storage.forgetting import Forgetting
from support_triage.storage.inbox import Inbox
from support_triage.storage.spending import Spending
from support_triage.storage.workspaces import Workspaces

_RESPOND_S = 10

log = structlog.get_logger()

VERBS = {
    "help": helping.answer,
    "status": status.answer,
    "labels": labels.answer,
    "accuracy": accuracy.answer,
    "conflicts": conflicts.answer,
    "export": export.answer,
    "forget": forget.answer,
    "models": models.answer,
    "promote": promote.answer,
    "rollback": rollback.answer,
    "train": train.answer,
    "jobs": jobs.answer,
    "cancel": cancel.answer,
    "advice": advice.answer,
}


@dataclass
class Desk:
    """What the verbs need, and the long work they started."""

    config: Config
    team: str
    directory: Directory
    gateway: Gateway
    examples: Examples
    workspaces: Workspaces
    inbox: Inbox
    classifier: ChampionClassifier
    spending: Spending
    promoting: Promoting
    forgetting: Forgetting
    trainer: Trainer
    embedder: Embedder
    advising: Advising
    _running: set[asyncio.Task[Any]] = field(default_factory=set)

    async def answer(self, user: str, text: str) -> str:
        """The answer to `/triage text`, in Slack's mark-up."""
        if not await self.directory.is_admin(user):
            admins = ", ".join(self.config.triage.admins) or "nobody yet"
            return (
                f"Sorry, `/triage` is for the admins of this bot ({sentence(admins)}). "
                "An agent's emoji on a message corrects its label without it."
            )
        verb, *arguments = text.split() or ["help"]
        known = VERBS.get(verb.lower())
        if known is None:
            return f"{code(verb, 40)} is not a verb of mine.\n{helping.HELP}"
        await self.workspaces.audit(self.team, user, verb.lower(), arguments=" ".join(arguments))
        return whole_lines(await known(Context(self, user), arguments))

    async def said(self, user: str, text: str) -> str:
        """The answer, also where Slack or the storage does not play along."""
        try:
            return await self.answer(user, text)
        except (GatewayError, StorageError) as error:
            log.warning("command.failed", error=type(error).__name__)
            return f"That did not work: {sentence(str(error))}. Nothing was changed; try again."

    async def respond(self, user: str, text: str, response_url: str) -> None:
        """Answer a command that another process took in; an address that expired is let go."""
        said = await self.said(user, text)
        answer = await AsyncWebhookClient(response_url, timeout=_RESPOND_S).send(
            text=said, response_type="ephemeral"
        )
        if answer.status_code != 200:  # noqa: PLR2004 - HTTP's "OK"
            log.warning("command.unheard", status=answer.status_code)

    async def finish(self) -> None:
        """Wait for the long work that was started."""
        if self._running:
            await asyncio.wait(self._running)


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to `/triage`; the button with a link needs an ack and nothing more."""

    async def triage(ack: Any, command: dict[str, Any], respond: Any) -> None:
        if command.get("team_id") != desk.team:
            await ack(ELSEWHERE)
            return
        await ack()
        said = await desk.said(command["user_id"], command.get("text") or "")
        await respond(text=said, response_type="ephemeral")

    async def open_message(ack: Any) -> None:
        await ack()

    app.command("/triage")(triage)
    app.action("open_message")(open_message)
