"""A provider account, with an SDK client that raises this package's errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import openai

from learning.finetune.backend import UnavailableError
from learning.finetune.errors import certificates, translated

_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Account:
    """A provider's name, base URL and API key; `key_name` is the setting that holds the key."""

    provider: str
    key_name: str
    key: str = field(repr=False)
    base_url: str

    @asynccontextmanager
    async def client(self, timeout_s: float = _TIMEOUT_S) -> AsyncIterator[openai.AsyncOpenAI]:
        """Open an SDK client; within it, errors become RefusedError or UnavailableError."""
        if not self.key:
            raise UnavailableError(f"{self.key_name} is not set. Set it to a {self.provider} key.")
        with translated(self.provider, self.key_name):
            async with openai.AsyncOpenAI(
                api_key=self.key,
                base_url=self.base_url,
                timeout=timeout_s,
                max_retries=0,  # the trainer retries whole steps, which first look for results
                http_client=openai.DefaultAsyncHttpxClient(verify=certificates()),
            ) as client:
                yield client
