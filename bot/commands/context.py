"""The services that a verb may use, and the person who called it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.admin.forget import Forgetter
from bot.admin.workbench import Workbench
from bot.config.config import Config
from bot.model.champion import ChampionClassifier
from bot.slack.file_sending import FileSending
from bot.slack.gateway import Gateway
from bot.slack.people import People
from storage.stores import Stores


@dataclass(frozen=True, slots=True)
class Context:
    """A command in progress.

    A verb that changes something stores `trigger` with the change, so a retry does not repeat it.
    """

    bench: Workbench
    classifier: ChampionClassifier
    forgetter: Forgetter
    people: People
    gateway: Gateway
    user: str = ""
    trigger: str = ""

    @property
    def stores(self) -> Stores:
        """Return the stores of the workspace."""
        return self.bench.stores

    @property
    def config(self) -> Config:
        """Return the settings of triage.toml."""
        return self.bench.config

    @property
    def team(self) -> str:
        """Return the workspace's id."""
        return self.stores.team

    async def send_files(self, files: Mapping[str, Path | bytes], comment: str) -> str:
        """Send files, by name, in a direct message, once; return a note for the answer or ""."""
        sending = FileSending(self.stores.commands, self.gateway)
        return await sending.send(self.trigger, self.user, files, comment)
