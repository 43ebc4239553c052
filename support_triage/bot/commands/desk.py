"""Where `/triage` arrives: who may, which verb, and the answer only they see."""

from dataclasses import dataclass

import structlog

from support_triage.bot.advising import Advising
from support_triage.bot.answer_delivery import AnswerDelivery
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
from support_triage.bot.forgetting import Forgetter
from support_triage.bot.gateway import Gateway
from support_triage.bot.people import People
from support_triage.bot.promoting import Promoting
from support_triage.bot.slack_errors import GatewayError
from support_triage.bot.slack_text import code, sentence, whole_lines
from support_triage.classifiers.base import Embedder
from support_triage.learning.finetune.trainer import Trainer
from support_triage.plural import plural
from support_triage.storage.commands import Commands
from support_triage.storage.events import Asked
from support_triage.storage.examples import Examples
from support_triage.storage.inbox import Inbox
from support_triage.storage.spending import Spending
from support_triage.storage.workspaces import Workspaces

_RUNS_MAX = 3  # a verb that kills its process is not run for ever

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
    """What the verbs need, and the one place where they are run."""

    config: Config
    team: str
    people: People
    gateway: Gateway
    examples: Examples
    workspaces: Workspaces
    inbox: Inbox
    classifier: ChampionClassifier
    spending: Spending
    promoting: Promoting
    forgetter: Forgetter
    trainer: Trainer
    embedder: Embedder
    advising: Advising
    commands: Commands

    async def answer(self, user: str, text: str, trigger: str) -> str:
        """The answer to `/triage text`, in Slack's mark-up."""
        if not await self.people.is_admin(user):
            admins = ", ".join(self.config.triage.admins) or "nobody yet"
            return (
                f"Sorry, `/triage` is for the admins of this bot ({sentence(admins)}). "
                "An agent's emoji on a message corrects its label without it."
            )
        verb, *arguments = text.split() or ["help"]
        known = VERBS.get(verb.lower())
        if known is None:
            return f"{code(verb, 40)} is not a `/triage` command.\n{helping.HELP}"
        run = await self.commands.begin(trigger, user, verb.lower(), " ".join(arguments))
        if run > _RUNS_MAX:
            return (
                f"{code(verb, 40)} was interrupted {plural(run - 1, 'time')}, so I stopped "
                "trying. Look at `/triage status` before you try again."
            )
        return whole_lines(await known(Context(self, user, trigger), arguments))

    async def respond(self, asked: Asked) -> None:
        """Run a command once, store its answer under its trigger, and tell it.

        Where this raises, it is called again: for a command that has an answer, only the telling
        is tried again. Killed between running and storing, the verb runs again; those that act
        find by the trigger what they have done.
        """
        trigger = asked.item.ts
        said = await self.commands.answer(trigger)
        if said is None:
            said = await self._said(asked.user, asked.text, trigger)
            await self.commands.answered(trigger, said)
        if said:
            await AnswerDelivery(self.commands, self.gateway).tell(asked, said)
            await self.commands.answered(trigger, "")  # it may quote people: not kept

    async def _said(self, user: str, text: str, trigger: str) -> str:
        """Return the answer, also where Slack does not play along."""
        try:
            return await self.answer(user, text, trigger)
        except GatewayError as error:
            log.warning("command.failed", error=type(error).__name__)
            return f"That did not work: {sentence(str(error))}. Try again."
