"""Makes all training backends from the settings; a missing key is reported by its check."""

from dataclasses import dataclass, field
from functools import partial

from classifiers.config import MINILM
from classifiers.embedding.embedders import embedder_name, make_embedder
from learning.config import TrainConfig
from learning.finetune.account import Account
from learning.finetune.azure import AzureBackend, Principal
from learning.finetune.backend import Backend
from learning.finetune.local import LocalBackend
from learning.finetune.nebius import NebiusBackend
from learning.finetune.openai import OpenAiBackend

NAMES = ("local", "openai", "azure", "nebius")
_OPENAI = "https://api.openai.com/v1/"


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of all providers, "" if not set."""

    openai: str = field(default="", repr=False)
    azure: str = field(default="", repr=False)
    nebius: str = field(default="", repr=False)
    principal: Principal = field(default_factory=Principal)


def make_backends(
    config: TrainConfig,
    keys: Keys,
    openai_url: str | None,
    target_precision: float,
    embedder: str = MINILM,
) -> dict[str, Backend]:
    """Return all backends by name."""
    azure_url = f"{config.azure.endpoint or ''}openai/v1/"
    accounts = {
        "openai": Account("OpenAI", "OPENAI_API_KEY", keys.openai, openai_url or _OPENAI),
        "azure": Account("Azure", "AZURE_OPENAI_API_KEY", keys.azure, azure_url),
        "nebius": Account("Nebius", "NEBIUS_API_KEY", keys.nebius, config.nebius.base_url),
    }
    suffix = config.suffix
    return {
        "local": LocalBackend(
            partial(make_embedder, embedder), embedder_name(embedder), target_precision
        ),
        "openai": OpenAiBackend("openai", accounts["openai"], config.openai, suffix),
        "azure": AzureBackend("azure", accounts["azure"], config.azure, suffix, keys.principal),
        "nebius": NebiusBackend("nebius", accounts["nebius"], config.nebius, suffix),
    }
