"""What providers with an OpenAI-compatible fine-tuning API have in common."""

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
    """Files and fine-tuning jobs through the openai SDK; a provider's differences are overridden.

    A job is marked with its tag in `metadata` and in its suffix, for some servers drop the one and
    some the other; it is looked for by either before one is created.
    """

    hosted = True
    named = True  # whether a job that succeeded names its model
    encoding = "utf-8"

    def __init__(self, name: str, account: Account, table: HostedTable, suffix: str) -> None:
        self.name = name
        self.account = account
        self.table = table
        self._suffix = suffix

    @property
    def base_model(self) -> str:
        """The provider's name of the model to train."""
        return self.table.base_model

    @property
    def longest(self) -> int | None:
        """The most tokens of an example that the base model is trained on."""
        return self.table.training_tokens

    async def check(self, snapshot: Snapshot) -> Sequence[PreflightFinding]:
        """Whether the key may do what a job needs, and whether the base model is there."""
        if wrong := await asyncio.to_thread(refusals, snapshot):
            return [PreflightFinding(Level.REFUSE, f"the training file: {one}") for one in wrong]
        try:
            async with self.account.client() as client:
                await client.files.list(purpose="fine-tune")
                await client.fine_tuning.jobs.list(limit=1)
                return await self.check_model(client)
        except FinetuneError as error:
            return [PreflightFinding(Level.REFUSE, str(error))]

    async def check_model(self, client: openai.AsyncOpenAI) -> list[PreflightFinding]:
        """Whether the base model is there and can be trained."""
        del client
        return []

    @property
    def price(self) -> float | None:
        """US dollars per 1M tokens trained, None where it is not set."""
        return self.table.training_price

    def estimate(self, snapshot: Snapshot, epochs: int) -> TrainingEstimate:
        """Tokens of the file, and the price of all epochs."""
        tokens = sum(preflight.example_tokens(snapshot))
        return TrainingEstimate(tokens, self.cost(tokens * epochs))

    def cost(self, trained_tokens: int) -> float | None:
        """The training price of so many tokens, in US dollars."""
        return None if self.price is None else trained_tokens * self.price / 1e6

    async def upload(self, job: Job, snapshot: Snapshot) -> tuple[str, ...]:
        """The training file's id; one of this name and size that is there already is taken."""
        del job
        file = training_file(snapshot, self.encoding)
        async with self.account.client(_UPLOAD_S) as client:
            async for one in await client.files.list(purpose="fine-tune"):
                if one.filename == file.name and one.bytes == len(file.content):
                    return (one.id,)
            made = await client.files.create(file=(file.name, file.content), purpose="fine-tune")
            return (remote_jobs.word(made.id),)

    async def create(self, job: Job) -> str:
        """The provider's job: the one that carries the tag, else a new one."""
        async with self.account.client() as client:
            if found := await remote_jobs.find(client, self.jobs(client, job), job.tag):
                return found
            await self._imported(client, job.files[0])
            made = await client.fine_tuning.jobs.create(**self.arguments(job))
            return remote_jobs.word(made.id)

    def jobs(self, client: openai.AsyncOpenAI, job: Job) -> AsyncIterator[Any]:
        """The provider's jobs, of which one may carry the tag."""
        del job
        return _iterated(client.fine_tuning.jobs.list(limit=100))

    async def _imported(self, client: openai.AsyncOpenAI, file: str) -> None:
        found = await client.files.retrieve(file)
        if str(found.status) in _IMPORTING:
            raise UnavailableError(f"{self.account.provider} still reads the training file")
        if found.status == "error":
            reason = shown(found.status_details)
            raise RefusedError(f"{self.account.provider} refuses the training file: {reason}")

    def suffix(self, job: Job) -> str:
        """What the trained model's name ends in."""
        return f"{self._suffix}-{job.tag}"

    def arguments(self, job: Job) -> dict[str, Any]:
        """What the job is created with."""
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
        """Status, tokens and the last events."""
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
            raise UnavailableError(f"{self.account.provider} does not name the model yet")
        return remote

    async def deploy(self, job: Job) -> str:
        """The name to call; where nothing has to be deployed it is the model's own."""
        return job.tuned

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """Ask for the label of a text it was trained on, as it would be asked later."""
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
                    **self.privately(),
                )
                said = str(answer.choices[0].message.content or "")
        except RefusedError as error:
            # 404 and the like: deployed a moment ago, or by hand later.
            raise UnavailableError(f"{job.serving} cannot be called yet: {error}") from None
        if prompt.parse(said, names) is None and not prompt.declined(said):
            raise UnavailableError(f"{job.serving} answered with no label of the set")

    def privately(self) -> Mapping[str, Any]:
        """What keeps a request's text from being stored, where the provider knows it."""
        return {}

    async def challenger(self, job: Job, snapshot: Snapshot) -> tuple[Model, bytes]:
        """The name and address under which it answers."""
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
        """Cancel what carries the tag, recorded here or not."""
        async with self.account.client() as client:
            jobs = self.jobs(client, job)
            remote = job.remote or await remote_jobs.find(client, jobs, job.tag)
            if remote:
                await remote_jobs.end(client, remote)


async def _iterated(page: Any) -> AsyncIterator[Any]:
    async for one in page:
        yield one
