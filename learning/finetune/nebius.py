"""The Nebius Token Factory backend: top-level hyperparameters, separately deployed adapters."""

from typing import Any
from urllib.parse import urljoin

import openai

from learning.config import NebiusTable
from learning.finetune.backend import Level, PreflightFinding, RefusedError, UnavailableError
from learning.finetune.errors import shown
from learning.finetune.hosted import HostedBackend
from storage.examples.snapshots import Snapshot
from storage.jobs import Job


class NebiusBackend(HostedBackend):
    """Trains LoRA adapters; the API has no `metadata`, so only the suffix carries the tag."""

    table: NebiusTable
    named = False

    async def check_model(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """Check that Nebius serves the model that the adapter is deployed on."""
        known = {model.id async for model in await client.models.list()}
        serving = self.table.serving_model or self.base_model
        if not known or serving in known:
            return []
        message = f"Nebius does not serve {serving}. Set train.nebius.serving_model"
        return [PreflightFinding(Level.ADVISE, message)]

    def arguments(self, job: Job) -> dict[str, Any]:
        """Return `hyperparameters` at the top level: Nebius rejects them together with `method`."""
        hyperparameters = {"n_epochs": job.epochs, "lora": True, "context_length": 8192}
        return {
            "model": job.base_model,
            "training_file": job.files[0],
            "suffix": self.suffix(job),
            "hyperparameters": hyperparameters,
        }

    async def deploy(self, job: Job) -> str:
        """Deploy the last checkpoint, unless it is deployed; return the full name to call."""
        async with self.account.client() as client:
            if found := await self._deployed(client, job):
                return str(found["name"])
            checkpoints = await client.fine_tuning.jobs.checkpoints.list(job.remote)
            if not checkpoints.data:
                raise UnavailableError("Nebius lists no checkpoint of the job yet")
            last = max(checkpoints.data, key=lambda checkpoint: checkpoint.step_number)
            body = {
                "name": self.suffix(job),
                "base_model": self.table.serving_model or job.base_model,
                "source": f"{job.remote}:{last.id}",
            }
            created = await client.post(self._models, body=body, cast_to=object)
        if not isinstance(created, dict) or not created.get("name"):
            raise UnavailableError("Nebius did not name the deployed model")
        return str(created["name"])

    @property
    def _models(self) -> str:
        return urljoin(self.account.base_url, "/v0/models")

    async def _deployed(self, client: openai.AsyncOpenAI, job: Job) -> dict[str, Any] | None:
        answer = await client.get(self._models, cast_to=object)
        rows = answer.get("models", answer.get("data")) if isinstance(answer, dict) else answer
        for row in rows if isinstance(rows, list) else []:
            # The name is `BASE-LoRa:SUFFIX-ABCD`, with four random letters.
            exists = isinstance(row, dict) and row.get("status") != "deleted"
            if exists and self.suffix(job) in str(row.get("name")):
                return dict(row)
        return None

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """Probe as for every provider; raise RefusedError if Nebius rejects the adapter."""
        async with self.account.client() as client:
            found = await self._deployed(client, job)
        if found is not None and found.get("status") == "error":
            raise RefusedError(f"Nebius: the adapter is not valid: {shown(_why(found))}")
        await super().probe(job, snapshot)


def _why(found: dict[str, Any]) -> object:
    return found.get("status_reason") or "no reason given"
