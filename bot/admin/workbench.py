"""Services for admins' commands, built once for Slack and the command line."""

from dataclasses import dataclass
from functools import cached_property

from bot.admin.advice import Adviser
from bot.admin.gate import Gate
from bot.admin.promote import Promotions
from bot.config.config import Config, Settings
from classifiers.base import Embedder
from learning.finetune.trainer import Trainer
from storage.stores import Stores


@dataclass(frozen=True)
class Workbench:
    """The gate, promotions, advice and training of one workspace."""

    settings: Settings
    config: Config
    stores: Stores
    embedder: Embedder

    @cached_property
    def gate(self) -> Gate:
        """Return the gate, which compares models on held-out examples."""
        return Gate(self.settings, self.config, self.stores, self.embedder)

    @cached_property
    def promotions(self) -> Promotions:
        """Return the promotions, which change the champion."""
        return Promotions(self.gate)

    @cached_property
    def adviser(self) -> Adviser:
        """Return the adviser on prompting or fine-tuning."""
        return Adviser(self.config, self.settings.openai_model, self.stores, self.embedder)

    @cached_property
    def trainer(self) -> Trainer:
        """Return the trainer, with every backend that the settings allow."""
        from bot.admin.train import trainer_of  # noqa: PLC0415 - openai is slow to import

        return trainer_of(self.settings, self.config, self.stores)
