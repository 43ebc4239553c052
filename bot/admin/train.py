"""Builds the trainer from settings."""

from bot.config.config import Config, Settings, revealed
from learning.finetune.azure import Principal
from learning.finetune.backends import Keys, make_backends
from learning.finetune.stages import PollPace
from learning.finetune.trainer import Trainer
from storage.stores import Stores


def keys_of(settings: Settings) -> Keys:
    """Return the providers' keys from the settings."""
    return Keys(
        openai=settings.key_of("openai"),
        azure=settings.key_of("azure"),
        nebius=settings.key_of("nebius"),
        principal=Principal(
            settings.azure_tenant_id,
            settings.azure_client_id,
            revealed(settings.azure_client_secret),
        ),
    )


def trainer_of(
    settings: Settings, config: Config, stores: Stores, pace: PollPace | None = None
) -> Trainer:
    """Return the trainer, with every backend that the settings allow."""
    backends = make_backends(
        config.train,
        keys_of(settings),
        settings.openai_base_url,
        config.triage.target_precision,
        config.local.embedder,
    )
    return Trainer(stores.jobs, stores.snapshots, stores.models, backends, pace or PollPace())
