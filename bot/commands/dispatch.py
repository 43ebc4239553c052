"""Runs the verb of a `/triage` command for whoever may, and answers only them."""

import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import structlog

from bot import commands
from bot.commands.context import Context
from bot.slack.answer_delivery import AnswerDelivery
from bot.slack.errors import GatewayError
from bot.slack.text.render import code, sentence, whole_lines
from classifiers.plural import plural
from storage.inbox.events import Asked

_RUNS_MAX = 3  # a verb that kills its process is not run for ever

Verb = Callable[[Context, Sequence[str]], Awaitable[str]]

log = structlog.get_logger()


def _verbs() -> dict[str, Verb]:
    """Return the verbs by name: the function `answer` of each module of this package."""
    names = sorted(one.name for one in pkgutil.iter_modules(commands.__path__))
    modules = {name: import_module(f"{commands.__name__}.{name}") for name in names}
    return {name: one.answer for name, one in modules.items() if hasattr(one, "answer")}


VERBS = _verbs()


@dataclass(frozen=True)
class Dispatcher:
    """Answers commands; `context` is what each verb is given, without the person who asks."""

    context: Context

    async def answer(self, user: str, text: str, trigger: str) -> str:
        """The answer to `/triage text`, in Slack's mark-up."""
        if not await self.context.people.is_admin(user):
            admins = ", ".join(self.context.config.triage.admins) or "nobody yet"
            return (
                f"Sorry, `/triage` is for the admins of this bot ({sentence(admins)}). "
                "An agent's emoji on a message corrects its label without it."
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
                "trying. Look at `/triage status` before you try again."
            )
        asked = replace(self.context, user=user, trigger=trigger)
        return whole_lines(await known(asked, arguments))

    async def respond(self, asked: Asked) -> None:
        """Run a command once, store its answer under its trigger, and tell it.

        Where this raises, it is called again: for a command that has an answer, only the telling
        is tried again. Killed between running and storing, the verb runs again; those that act
        find by the trigger what they have done.
        """
        trigger, stored = asked.item.ts, self.context.stores.commands
        said = await stored.answer(trigger)
        if said is None:
            said = await self._said(asked.user, asked.text, trigger)
            await stored.answered(trigger, said)
        if said:
            await AnswerDelivery(stored, self.context.gateway).tell(asked, said)
            await stored.answered(trigger, "")  # it may quote people: not kept

    async def _said(self, user: str, text: str, trigger: str) -> str:
        """Return the answer, also where Slack does not play along."""
        try:
            return await self.answer(user, text, trigger)
        except GatewayError as error:
            log.warning("command.failed", error=type(error).__name__)
            return f"That did not work: {sentence(str(error))}. Try again."
