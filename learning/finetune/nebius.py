"""Training at Nebius Token Factory: hyperparameters on top, an adapter that is deployed apart."""

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
    """LoRA adapters; the API knows no `metadata`, so the suffix carries the tag."""

    table: NebiusTable
    named = False

    async def check_model(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """That adapters of this base model can be deployed is the provider's to say."""
        known = {one.id async for one in await client.models.list()}
        serving = self.table.serving_model or self.base_model
        if not known or serving in known:
            return []
        message = f"{serving} is not served by Nebius: set train.nebius.serving_model"
        return [PreflightFinding(Level.ADVISE, message)]

    def arguments(self, job: Job) -> dict[str, Any]:
        """`method` and `hyperparameters` together are rejected: the latter alone, on top."""
        hyperparameters = {"n_epochs": job.epochs, "lora": True, "context_length": 8192}
        return {
            "model": job.base_model,
            "training_file": job.files[0],
            "suffix": self.suffix(job),
            "hyperparameters": hyperparameters,
        }

    async def deploy(self, job: Job) -> str:
        """Deploy the last checkpoint under the job's name, unless it was; the full name to call."""
        async with self.account.client() as client:
            if found := await self._deployed(client, job):
                return str(found["name"])
            checkpoints = await client.fine_tuning.jobs.checkpoints.list(job.remote)
            if not checkpoints.data:
                raise UnavailableError("Nebius shows no checkpoint of the job yet")
            last = max(checkpoints.data, key=lambda one: one.step_number)
            body = {
                "name": self.suffix(job),
                "base_model": self.table.serving_model or job.base_model,
                "source": f"{job.remote}:{last.id}",
            }
            made = await client.post(self._models, body=body, cast_to=object)
        if not isinstance(made, dict) or not made.get("name"):
            raise UnavailableError("Nebius did not name the deployed model")
        return str(made["name"])

    @property
    def _models(self) -> str:
        return urljoin(self.account.base_url, "/v0/models")

    async def _deployed(self, client: openai.AsyncOpenAI, job: Job) -> dict[str, Any] | None:
        answer = await client.get(self._models, cast_to=object)
        rows = answer.get("models", answer.get("data")) if isinstance(answer, dict) else answer
        for one in rows if isinstance(rows, list) else []:
            # Named `<base>-LoRa:<our name>-<four letters>`.
            alive = isinstance(one, dict) and one.get("status") != "deleted"
            if alive and self.suffix(job) in str(one.get("name")):
                return dict(one)
        return None

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """As elsewhere, once the adapter was validated."""
        async with self.account.client() as client:
            found = await self._deployed(client, job)
        if found is not None and found.get("status") == "error":
            raise RefusedError(f"Nebius: the adapter is not valid: {shown(_why(found))}")
        await super().probe(job, snapshot)


def _why(found: dict[str, Any]) -> object:
    return found.get("status_reason") or "no reason given"
