"""A process of the bot for fault tests, with a classifier that reads the first word of a text.

Everything else is real. The process starts in a second.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from bot.app.bot import Role, open_bot
from bot.app.health import Health
from bot.app.services import open_services
from bot.app.socket_mode import serve_socket_mode
from bot.config.config import load_config, load_settings
from bot.message.answer_log import AnswerLog
from bot.message.presenter import Presenter
from bot.message.triage import Triage
from bot.message.worker import Worker
from bot.model.example_feed import ExampleFeed
from bot.observe import logs
from classifiers.base import Example, Prediction
from learning.feedback.track_record import TrackRecord

POISON = "POISON"
"""The first word of a message that kills the process that reads it."""


class FirstWord:
    """A classifier that labels a text by its first word, after 10 ms."""

    version = "first-word"

    async def classify(self, messages: Sequence[str]) -> list[Prediction]:
        await asyncio.sleep(0.01)
        if any(text.startswith(POISON) for text in messages):
            os.kill(os.getpid(), signal.SIGKILL)
        return [Prediction(text.split()[0], 0.99, classifier=self.version) for text in messages]

    async def learn(self, examples: Sequence[Example], forget: Sequence[str] = ()) -> None:
        """Do nothing: labels are in the texts."""


async def main(role: Role) -> None:
    """Run a role of the bot until killed."""
    settings = load_settings(os.environ)
    config = load_config(settings.triage_config)
    if role is Role.INTAKE:
        async with open_bot(settings, config, role) as bot:
            await serve_socket_mode(settings, Health(bot))
    async with open_services(settings, config) as services:
        classifier = FirstWord()
        stores, slack = services.stores, services.slack
        example_feed = ExampleFeed(stores, classifier, TrackRecord())
        presenter = Presenter(config, slack.gateway, slack.directory, stores.workspaces)
        triage = Triage(
            config,
            stores,
            slack.people,
            classifier,
            presenter,
            example_feed,
            AnswerLog(stores.series),
        )
        services.loops.start("teaching", example_feed.catch_up, 0.5)
        Worker(stores.inbox, {stores.team: triage}).start(services.loops)
        await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure()
    asyncio.run(main(Role(sys.argv[1])))
