"""The OpenAI backend, which also serves other servers with the same API."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import openai

from learning.finetune import shutdown_dates as closing
from learning.finetune.backend import Level, PreflightFinding
from learning.finetune.hosted import HostedBackend
from storage.jobs import Job

_LIST_PRICES = {
    "gpt-4.1-2025-04-14": 25.0,
    "gpt-4.1-mini-2025-04-14": 5.0,
    "gpt-4.1-nano-2025-04-14": 1.5,
    "gpt-4o-2024-08-06": 25.0,
    "gpt-4o-mini-2024-07-18": 3.0,
}
"""US dollars per 1M trained tokens, from OpenAI's price list of 2025."""


class OpenAiBackend(HostedBackend):
    """OpenAI, or a server with the same API; list prices and shutdown dates are OpenAI's only."""

    @property
    def _official(self) -> bool:
        return urlsplit(self.account.base_url).hostname == "api.openai.com"

    @property
    def price(self) -> float | None:
        """Return the configured price, or else the list price."""
        listed = _LIST_PRICES.get(self.base_model) if self._official else None
        return listed if self.table.training_price is None else self.table.training_price

    async def check_model(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """Check that the organisation may train the base model, and until when."""
        today = datetime.now(UTC).date()
        ending = closing.of_openai(today) if self._official else []
        try:
            found = await client.models.retrieve(self.base_model)
        except openai.NotFoundError:
            message = (
                f"this key has no access to model {self.base_model}. Set train.openai.base_model"
            )
            return [*ending, PreflightFinding(Level.REFUSE, message)]
        stop = closing.known_stop(self.base_model, found.shutdown_date)
        return [*ending, *closing.of_model(stop, today), *await self._limits(client)]

    async def _limits(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """Check the organisation's limits: 403 if it may not fine-tune; some servers have none."""
        try:
            limits = await client.get("/fine_tuning/model_limits", cast_to=object)
        except openai.NotFoundError:
            return []
        rows = limits.get("data") if isinstance(limits, dict) else None
        named = {
            str(row.get("model") or row.get("id"))
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
        }
        if not named or self.base_model in named:
            return []
        allowed = ", ".join(sorted(named)[:5])
        message = (
            f"this organisation may not fine-tune {self.base_model}. Set train.openai.base_model "
            f"to one of its models ({allowed})"
        )
        return [PreflightFinding(Level.REFUSE, message)]

    def jobs(self, client: openai.AsyncOpenAI, job: Job) -> AsyncIterator[Any]:
        """Iterate over the jobs whose metadata has the tag; the server filters them."""
        found = client.fine_tuning.jobs.list(limit=100, metadata={"triage_job": job.tag})
        return aiter(found)

    def privacy_arguments(self) -> Mapping[str, Any]:
        """Return `store: false`: OpenAI stores completions by default."""
        return {"store": False} if self._official else {}
