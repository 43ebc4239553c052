"""An account at a provider: the address, the key, and a client whose errors come out as ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import openai

from learning.finetune.backend import UnavailableError
from learning.finetune.errors import certificates, translated

_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Account:
    """Who is asked, where, and with which key; `key_name` is the setting that holds it."""

    provider: str
    key_name: str
    key: str = field(repr=False)
    base_url: str

    @asynccontextmanager
    async def client(self, timeout_s: float = _TIMEOUT_S) -> AsyncIterator[openai.AsyncOpenAI]:
        """An SDK client; within it every error is a RefusedError or an UnavailableError."""
        if not self.key:
            raise UnavailableError(f"{self.key_name} is not set: {self.provider} needs it")
        with translated(self.provider, self.key_name):
            async with openai.AsyncOpenAI(
                api_key=self.key,
                base_url=self.base_url,
                timeout=timeout_s,
                max_retries=0,  # a step is tried again as a whole, after looking what came of it
                http_client=openai.DefaultAsyncHttpxClient(verify=certificates()),
            ) as client:
                yield client
