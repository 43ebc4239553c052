"""Training at OpenAI, as long as it takes jobs."""

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
"""US dollars per 1M tokens trained, as OpenAI's price list had them in 2025."""


class OpenAiBackend(HostedBackend):
    """OpenAI's own; another server that speaks the same API is taken as it is."""

    @property
    def _official(self) -> bool:
        return urlsplit(self.account.base_url).hostname == "api.openai.com"

    @property
    def price(self) -> float | None:
        """As set, else as listed."""
        listed = _LIST_PRICES.get(self.base_model) if self._official else None
        return listed if self.table.training_price is None else self.table.training_price

    async def check_model(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """Whether the organisation and the base model may be trained, and for how long."""
        today = datetime.now(UTC).date()
        ending = closing.of_openai(today) if self._official else []
        try:
            found = await client.models.retrieve(self.base_model)
        except openai.NotFoundError:
            message = (
                f"there is no model {self.base_model} for this key: set train.openai.base_model"
            )
            return [*ending, PreflightFinding(Level.REFUSE, message)]
        stop = closing.known_stop(self.base_model, found.shutdown_date)
        return [*ending, *closing.of_model(stop, today), *await self._limits(client)]

    async def _limits(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """A closed organisation gets 403 here; a server without the address says nothing."""
        try:
            limits = await client.get("/fine_tuning/model_limits", cast_to=object)
        except openai.NotFoundError:
            return []
        rows = limits.get("data") if isinstance(limits, dict) else None
        named = {
            str(one.get("model") or one.get("id"))
            for one in (rows if isinstance(rows, list) else [])
            if isinstance(one, dict)
        }
        if not named or self.base_model in named:
            return []
        can = ", ".join(sorted(named)[:5])
        message = f"{self.base_model} is not among what this organisation may fine-tune ({can})"
        return [PreflightFinding(Level.REFUSE, message)]

    def jobs(self, client: openai.AsyncOpenAI, job: Job) -> AsyncIterator[Any]:
        """Those whose metadata has the tag: the server is asked for them alone."""
        found = client.fine_tuning.jobs.list(limit=100, metadata={"triage_job": job.tag})
        return aiter(found)

    def privately(self) -> Mapping[str, Any]:
        """OpenAI stores completions unless told not to."""
        return {"store": False} if self._official else {}
