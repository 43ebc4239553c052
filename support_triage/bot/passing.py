"""What passes without anybody's help: errors of a storage, a model or a Slack that is away."""

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
"""Errors that a retry may end; any other one is a bug or asks for an operator."""
