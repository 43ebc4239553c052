"""Runs the verb of a `/triage` command for admins, and answers only the person who asked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.commands.context import Context
from bot.commands.verbs import verb_modules
from bot.slack.answer_delivery import AnswerDelivery
from bot.slack.errors import GatewayError
from bot.slack.text.render import code, sentence, whole_lines
from classifiers.plural import plural
from storage.inbox.events import Asked

_RUNS_MAX = 3  # a verb that kills its process must not be retried forever

Verb = Callable[[Context, Sequence[str]], Awaitable[str]]

log = structlog.get_logger()


VERBS: dict[str, Verb] = {name: module.answer for name, module in verb_modules().items()}


@dataclass(frozen=True)
class Dispatcher:
    """Answers commands; each command fills in the person and the trigger of `context`."""

    context: Context

    async def answer(self, user: str, text: str, trigger: str) -> str:
        """Return the answer to `/triage text`, in Slack's markup."""
        if not await self.context.people.is_admin(user):
            admins = ", ".join(self.context.config.triage.admins) or "nobody yet"
            return (
                f"Sorry, only admins of this bot can use `/triage` ({sentence(admins)}). "
                "To correct a label, agents add an emoji to the message."
            )
        verb, *arguments = text.split() or ["help"]
        known = VERBS.get(verb.lower())
        if known is None:
            known_verbs = await VERBS["help"](self.context, ())
            return f"{code(verb, 40)} is not a `/triage` command.\n{known_verbs}"
        run = await self.context.stores.commands.begin(
            trigger, user, verb.lower(), " ".join(arguments)
        )
        if run > _RUNS_MAX:
            return (
                f"{code(verb, 40)} was interrupted {plural(run - 1, 'time')}, so I stopped "
                "trying. Check `/triage status` before you try again."
            )
        asked = replace(self.context, user=user, trigger=trigger)
        return whole_lines(await known(asked, arguments))

    async def respond(self, asked: Asked) -> None:
        """Run a command once, store its answer under its trigger, and deliver the answer.

        If this raises, the caller retries it. A retry with a stored answer only delivers it. If
        the process is killed before the answer is stored, the verb runs again: verbs that change
        something find their earlier effect by the trigger.
        """
        trigger, stored = asked.item.ts, self.context.stores.commands
        text = await stored.answer(trigger)
        if text is None:
            text = await self._answer_or_error(asked.user, asked.text, trigger)
            await stored.store_answer(trigger, text)
        if text:
            await AnswerDelivery(stored, self.context.gateway).tell(asked, text)
            await stored.store_answer(trigger, "")  # drop the text: it may quote people

    async def _answer_or_error(self, user: str, text: str, trigger: str) -> str:
        """Return the answer, or an error message if Slack fails."""
        try:
            return await self.answer(user, text, trigger)
        except GatewayError as error:
            log.warning("command.failed", error=type(error).__name__)
            return f"That didn't work: {sentence(str(error))}. Try again."
