"""What admins' commands work with, made once for Slack and the command line alike."""

from dataclasses import dataclass
from functools import cached_property

from support_triage.bot.advising import Advising
from support_triage.bot.config import Config, Settings
from support_triage.bot.gating import Gating
from support_triage.bot.promoting import Promoting
from support_triage.classifiers.base import Embedder
from support_triage.learning.finetune.trainer import Trainer
from support_triage.storage.stores import Stores


@dataclass(frozen=True)
class Workbench:
    """The gate, promotions, advice and training of one workspace."""

    settings: Settings
    config: Config
    stores: Stores
    embedder: Embedder

    @cached_property
    def gating(self) -> Gating:
        """Compares models on held-out examples."""
        return Gating(self.settings, self.config, self.stores, self.embedder)

    @cached_property
    def promoting(self) -> Promoting:
        """Changes the model in use."""
        return Promoting(self.gating)

    @cached_property
    def advising(self) -> Advising:
        """Advises whether to prompt or to fine-tune."""
        return Advising(self.config, self.settings.openai_model, self.stores, self.embedder)

    @cached_property
    def trainer(self) -> Trainer:
        """Steps training jobs, with every backend that the settings allow."""
        from support_triage.bot.training import trainer_of  # noqa: PLC0415 - openai loads slowly

        return trainer_of(self.settings, self.config, self.stores)
