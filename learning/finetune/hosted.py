"""The base class of providers with an OpenAI-compatible fine-tuning API."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import openai

from classifiers.llm import prompt
from learning.config import HostedTable
from learning.finetune import preflight, remote_jobs
from learning.finetune.account import Account
from learning.finetune.backend import (
    FinetuneError,
    Level,
    PreflightFinding,
    RefusedError,
    Remote,
    TrainingEstimate,
    UnavailableError,
)
from learning.finetune.errors import shown
from learning.finetune.training_file import refusals, training_file
from storage.examples.snapshots import Snapshot
from storage.jobs import Job
from storage.models import Model, library_versions

_UPLOAD_S = 300.0
_IMPORTING = frozenset({"pending", "running", "notRunning", "importing"})


class HostedBackend:
    """Files and fine-tuning jobs through the openai SDK; subclasses override the differences.

    A job carries its tag in `metadata` and in its suffix, because some servers drop one of them.
    Before a job is created, it is searched for by both.
    """

    hosted = True
    named = True  # False if a succeeded job does not name its model
    encoding = "utf-8"

    def __init__(self, name: str, account: Account, table: HostedTable, suffix: str) -> None:
        self.name = name
        self.account = account
        self.table = table
        self._suffix = suffix

    @property
    def base_model(self) -> str:
        """Return the provider's name of the model to train."""
        return self.table.base_model

    @property
    def longest(self) -> int | None:
        """Return the most tokens of an example that the base model trains on."""
        return self.table.training_tokens

    async def check(self, snapshot: Snapshot) -> Sequence[PreflightFinding]:
        """Check the training file, the key's permissions and the base model."""
        if problems := await asyncio.to_thread(refusals, snapshot):
            return [PreflightFinding(Level.REFUSE, f"the training file: {p}") for p in problems]
        try:
            async with self.account.client() as client:
                await client.files.list(purpose="fine-tune")
                await client.fine_tuning.jobs.list(limit=1)
                return await self.check_model(client)
        except FinetuneError as error:
            return [PreflightFinding(Level.REFUSE, str(error))]

    async def check_model(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """Check that the base model exists and can be trained."""
        del client
        return []

    @property
    def price(self) -> float | None:
        """Return US dollars per 1M trained tokens, or None if not set."""
        return self.table.training_price

    def estimate(self, snapshot: Snapshot, epochs: int) -> TrainingEstimate:
        """Return the tokens of the file and the price of all epochs."""
        tokens = sum(preflight.example_tokens(snapshot))
        return TrainingEstimate(tokens, self.cost(tokens * epochs))

    def cost(self, trained_tokens: int) -> float | None:
        """Return the training price of a number of tokens in US dollars, or None if unknown."""
        return None if self.price is None else trained_tokens * self.price / 1e6

    async def upload(self, job: Job, snapshot: Snapshot) -> tuple[str, ...]:
        """Upload the training file, unless a file of this name and size exists; return its id."""
        del job
        file = training_file(snapshot, self.encoding)
        async with self.account.client(_UPLOAD_S) as client:
            async for known in await client.files.list(purpose="fine-tune"):
                if known.filename == file.name and known.bytes == len(file.content):
                    return (known.id,)
            content = (file.name, file.content)
            created = await client.files.create(file=content, purpose="fine-tune")
            return (remote_jobs.word(created.id),)

    async def create(self, job: Job) -> str:
        """Return the id of the provider's job with the tag, or create a job."""
        async with self.account.client() as client:
            if found := await remote_jobs.find(client, self.jobs(client, job), job.tag):
                return found
            await self._imported(client, job.files[0])
            created = await client.fine_tuning.jobs.create(**self.arguments(job))
            return remote_jobs.word(created.id)

    def jobs(self, client: openai.AsyncOpenAI, job: Job) -> AsyncIterator[Any]:
        """Iterate over the provider's jobs that may carry the tag."""
        del job
        return _iterated(client.fine_tuning.jobs.list(limit=100))

    async def _imported(self, client: openai.AsyncOpenAI, file: str) -> None:
        found = await client.files.retrieve(file)
        if str(found.status) in _IMPORTING:
            raise UnavailableError(f"{self.account.provider} is still reading the training file")
        if found.status == "error":
            reason = shown(found.status_details)
            raise RefusedError(f"{self.account.provider} refuses the training file: {reason}")

    def suffix(self, job: Job) -> str:
        """Return the ending of the trained model's name."""
        return f"{self._suffix}-{job.tag}"

    def arguments(self, job: Job) -> dict[str, Any]:
        """Return the arguments to create the job with."""
        return {
            "model": job.base_model,
            "training_file": job.files[0],
            "suffix": self.suffix(job),
            "metadata": {"triage_job": job.tag, "triage_dataset": job.snapshot},
            "method": {
                "type": "supervised",
                "supervised": {"hyperparameters": {"n_epochs": job.epochs}},
            },
        }

    async def poll(self, job: Job, snapshot: Snapshot) -> Remote:
        """Return the job's status, trained tokens and last events."""
        del snapshot
        async with self.account.client() as client:
            found = await client.fine_tuning.jobs.retrieve(job.remote)
            remote = Remote(
                status=remote_jobs.word(found.status),
                tuned=str(found.fine_tuned_model or ""),
                trained_tokens=None if found.trained_tokens is None else int(found.trained_tokens),
                events=await remote_jobs.events(client, job.remote),
                error=remote_jobs.reason(self.account.provider, found),
            )
        if remote.status == "succeeded" and self.named and not remote.tuned:
            raise UnavailableError(f"{self.account.provider} has not named the trained model yet")
        return remote

    async def deploy(self, job: Job) -> str:
        """Return the trained model's own name: there is nothing to deploy."""
        return job.tuned

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """Ask for the label of a training text with the prompt that is used later."""
        names = snapshot.label_set.names
        schema = {"name": "label", "strict": True, "schema": prompt.schema(names)}
        messages: Any = prompt.messages(snapshot.label_set, (), snapshot.train[0].text)
        answer_format: Any = {"type": "json_schema", "json_schema": schema}
        try:
            async with self.account.client() as client:
                answer = await client.chat.completions.create(
                    model=job.serving,
                    messages=messages,
                    response_format=answer_format,
                    **self.privacy_arguments(),
                )
                content = str(answer.choices[0].message.content or "")
        except RefusedError as error:
            # Such as 404, while the deployment starts or until a person deploys.
            raise UnavailableError(f"{job.serving} cannot be called yet: {error}") from None
        if prompt.parse(content, names) is None and not prompt.declined(content):
            raise UnavailableError(f"{job.serving} answered without a label of the label set")

    def privacy_arguments(self) -> Mapping[str, Any]:
        """Return arguments that keep the provider from storing a request, if it has any."""
        return {}

    async def challenger(self, job: Job, snapshot: Snapshot) -> tuple[Model, bytes]:
        """Return the model by its name and address; its file is empty."""
        model = Model(
            kind="hosted",
            backend=self.name,
            label_set=snapshot.label_set.version,
            snapshot=snapshot.id,
            created=f"{job.created:.6f}",
            name=job.serving,
            base_url=self.account.base_url,
            libraries=library_versions(("openai",))
            | {"prompt": prompt.version(snapshot.label_set)},
        )
        return model, b""

    async def cancel(self, job: Job) -> None:
        """Cancel the provider's job with the tag, even if its id was never recorded."""
        async with self.account.client() as client:
            jobs = self.jobs(client, job)
            remote = job.remote or await remote_jobs.find(client, jobs, job.tag)
            if remote:
                await remote_jobs.end(client, remote)


async def _iterated(page: Any) -> AsyncIterator[Any]:
    async for job in page:
        yield job
