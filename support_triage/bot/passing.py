"""Temporary errors: the storage, a model or Slack does not answer."""

from typing import Final

from aiohttp import ClientError

from support_triage.bot.gateway import GatewayUnavailableError
from support_triage.classifiers.base import ClassifierUnavailableError
from support_triage.storage.errors import StorageError

PASSING: Final = (
    GatewayUnavailableError,
    ClassifierUnavailableError,
    StorageError,
    ClientError,
    OSError,
    TimeoutError,
)
"""Errors that a retry may end; any other error is a bug or needs an operator."""
