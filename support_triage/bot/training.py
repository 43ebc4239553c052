"""From settings to what trains."""

from pydantic import SecretStr

from support_triage.bot.config import Config, Settings
from support_triage.learning.finetune.azure import Principal
from support_triage.learning.finetune.backends import Keys, make_backends
from support_triage.learning.finetune.progress import Pace
from support_triage.learning.finetune.trainer import Trainer
from support_triage.storage.connection import Client
from support_triage.storage.jobs import Jobs
from support_triage.storage.models import Models
from support_triage.storage.snapshots import Snapshots


def _open(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def keys_of(settings: Settings) -> Keys:
    """The providers' secrets that the environment has."""
    return Keys(
        openai=_open(settings.openai_api_key),
        azure=_open(settings.azure_openai_api_key),
        nebius=_open(settings.nebius_api_key),
        principal=Principal(
            settings.azure_tenant_id, settings.azure_client_id, _open(settings.azure_client_secret)
        ),
    )


def key_of(settings: Settings, backend: str) -> str:
    """The key with which a backend's models are called, "" where there is none."""
    keys = keys_of(settings)
    return {"openai": keys.openai, "azure": keys.azure, "nebius": keys.nebius}.get(backend, "")


def trainer_of(
    settings: Settings, config: Config, redis: Client, pace: Pace | None = None
) -> Trainer:
    """What steps training jobs, with every backend that the settings allow."""
    backends = make_backends(
        config.train,
        keys_of(settings),
        settings.openai_base_url,
        config.triage.target_precision,
        config.local.embedder,
    )
    stores = Jobs(redis), Snapshots(redis), Models(redis)
    return Trainer(*stores, backends, pace or Pace())
