"""A process of the bot for the fault tests: all real but the classifier, which reads a word.

So it starts in a second, and what is tested is what must not lose or double anything.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from support_triage.bot import logs
from support_triage.bot.app import Role, running
from support_triage.bot.config import load_config, load_settings
from support_triage.bot.health import Health
from support_triage.bot.parts import opened
from support_triage.bot.presenter import Presenter
from support_triage.bot.socket_mode import serve_socket_mode
from support_triage.bot.teaching import Teaching
from support_triage.bot.triage import Triage
from support_triage.bot.watching import Watching
from support_triage.bot.worker import Worker
from support_triage.classifiers.base import Example, Prediction
from support_triage.learning.track_record import TrackRecord

POISON = "POISON"
"""The first word of a message that kills whoever reads it."""


class FirstWord:
    """Labels a text by its first word, after a moment's thought."""

    version = "first-word"

    async def classify(self, messages: Sequence[str]) -> list[Prediction]:
        await asyncio.sleep(0.01)
        if any(text.startswith(POISON) for text in messages):
            os.kill(os.getpid(), signal.SIGKILL)
        return [Prediction(text.split()[0], 0.99, classifier=self.version) for text in messages]

    async def learn(self, examples: Sequence[Example], forget: Sequence[str] = ()) -> None:
        """What it says is in the text."""


async def main(role: Role) -> None:
    """Receive, or answer, until killed."""
    settings = load_settings(os.environ)
    config = load_config(settings.triage_config)
    if role is Role.INTAKE:
        async with running(settings, config, role) as bot:
            await serve_socket_mode(settings, Health(bot))
    async with opened(settings, config) as parts:
        classifier = FirstWord()
        stores, slack = parts.stores, parts.slack
        teaching = Teaching(stores, classifier, TrackRecord())
        presenter = Presenter(config, slack.gateway, slack.directory, stores.workspaces)
        triage = Triage(
            config,
            stores,
            slack.people,
            classifier,
            presenter,
            teaching,
            Watching(stores.series),
        )
        parts.loops.start("teaching", teaching.catch_up, 0.5)
        Worker(stores.inbox, {stores.team: triage}).start(parts.loops)
        await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure()
    asyncio.run(main(Role(sys.argv[1])))
