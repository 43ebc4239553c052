"""What a verb may use, and who asks."""

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
    """One command being answered; a verb that acts records the trigger with what it does."""

    bench: Workbench
    classifier: ChampionClassifier
    forgetter: Forgetter
    people: People
    gateway: Gateway
    user: str = ""
    trigger: str = ""

    @property
    def stores(self) -> Stores:
        """The stores of the workspace."""
        return self.bench.stores

    @property
    def config(self) -> Config:
        """What triage.toml says."""
        return self.bench.config

    @property
    def team(self) -> str:
        """The workspace's id."""
        return self.stores.team

    async def send_files(self, files: Mapping[str, Path | bytes], comment: str) -> str:
        """Send files by their names in a direct message, once; return words for the answer."""
        sending = FileSending(self.stores.commands, self.gateway)
        return await sending.send(self.trigger, self.user, files, comment)
