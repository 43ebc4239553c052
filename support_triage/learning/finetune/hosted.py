"""What providers with an OpenAI-compatible fine-tuning API have in common."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import openai

from support_triage.classifiers import prompt
from support_triage.learning.dataset import Snapshot
from support_triage.learning.finetune import preflight
from support_triage.learning.finetune.base import (
    Estimate,
    Finding,
    FinetuneError,
    Level,
    RefusedError,
    Remote,
    UnavailableError,
)
from support_triage.learning.finetune.failures import certificates, shown, translated
from support_triage.learning.finetune.settings import HostedTable
from support_triage.learning.finetune.training_file import refusals, training_file
from support_triage.storage.jobs import Job
from support_triage.storage.models import Model, library_versions

_TIMEOUT_S = 30.0
_UPLOAD_S = 300.0
_EVENTS = 5
_IMPORTING = frozenset({"pending", "running", "notRunning", "importing"})


@dataclass(frozen=True, slots=True)
class Account:
    """Who is asked, where, and with which key; `key_name` is the setting that holds it."""

    provider: str
    key_name: str
    key: str = field(repr=False)
    base_url: str


class HostedBackend:
    """Files and fine-tuning jobs through the openai SDK; a provider's differences are overridden.

    A job is marked with its tag in `metadata` and in its suffix, for some servers drop the one and
    some the other; it is looked for by either before one is created.
    """

    hosted = True
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

    @asynccontextmanager
    async def client(self, timeout_s: float = _TIMEOUT_S) -> AsyncIterator[openai.AsyncOpenAI]:
        """An SDK client whose errors come out as ours."""
        account = self.account
        if not account.key:
            raise UnavailableError(f"{account.key_name} is not set: {account.provider} needs it")
        with translated(account.provider, account.key_name):
            async with openai.AsyncOpenAI(
                api_key=account.key,
                base_url=account.base_url,
                timeout=timeout_s,
                max_retries=0,  # a step is tried again as a whole, after looking what came of it
                http_client=openai.DefaultAsyncHttpxClient(verify=certificates()),
            ) as client:
                yield client

    async def check(self, snapshot: Snapshot) -> Sequence[Finding]:
        """Whether the key may do what a job needs, and whether the base model is there."""
        if wrong := await asyncio.to_thread(refusals, snapshot):
            return [Finding(Level.REFUSE, f"the training file: {one}") for one in wrong]
        try:
            async with self.client() as client:
                await client.files.list(purpose="fine-tune")
                await client.fine_tuning.jobs.list(limit=1)
                return await self.check_model(client)
        except FinetuneError as error:
            return [Finding(Level.REFUSE, str(error))]

    async def check_model(self, client: openai.AsyncOpenAI) -> list[Finding]:
        """Whether the base model is there and can be trained."""
        del client
        return []

    @property
    def price(self) -> float | None:
        """US dollars per 1M tokens trained, None where it is not set."""
        return self.table.training_price

    def estimate(self, snapshot: Snapshot, epochs: int) -> Estimate:
        """Tokens of the file, and the price of all epochs."""
        tokens = sum(preflight.example_tokens(snapshot))
        return Estimate(tokens, self.cost(tokens * epochs))

    def cost(self, trained_tokens: int) -> float | None:
        """The training price of so many tokens, in US dollars."""
        return None if self.price is None else trained_tokens * self.price / 1e6

    async def upload(self, job: Job, snapshot: Snapshot) -> tuple[str, ...]:
        """The training file's id; one of this name and size that is there already is taken."""
        del job
        file = training_file(snapshot, self.encoding)
        async with self.client(_UPLOAD_S) as client:
            async for one in await client.files.list(purpose="fine-tune"):
                if one.filename == file.name and one.bytes == len(file.content):
                    return (one.id,)
            made = await client.files.create(file=(file.name, file.content), purpose="fine-tune")
            return (_worded(made.id),)

    async def create(self, job: Job) -> str:
        """The provider's job: the one that carries the tag, else a new one."""
        async with self.client() as client:
            if found := await self.find(client, job):
                return found
            await self._imported(client, job.files[0])
            made = await client.fine_tuning.jobs.create(**self.arguments(job))
            return _worded(made.id)

    async def find(self, client: openai.AsyncOpenAI, job: Job) -> str:
        """The id of the oldest job that carries the tag; later ones are cancelled. "" if none."""
        found = [one async for one in self.jobs(client, job) if carries(one, job.tag)]
        found.sort(key=lambda one: (one.created_at, one.id))
        for extra in found[1:]:
            await _end(client, extra.id)
        return found[0].id if found else ""

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
        async with self.client() as client:
            found = await client.fine_tuning.jobs.retrieve(job.remote)
            return Remote(
                status=_worded(found.status),
                tuned=str(found.fine_tuned_model or ""),
                trained_tokens=None if found.trained_tokens is None else int(found.trained_tokens),
                events=await self._events(client, job),
                error=self._reason(found),
            )

    async def _events(self, client: openai.AsyncOpenAI, job: Job) -> tuple[str, ...]:
        try:
            page = await client.fine_tuning.jobs.list_events(job.remote, limit=_EVENTS)
        except openai.APIError:  # worth showing, not worth failing for
            return ()
        ordered = sorted(page.data, key=lambda one: one.created_at)
        return tuple(shown(one.message) for one in ordered)

    def _reason(self, found: Any) -> str:
        if found.error is None or not found.error.message:
            return ""
        code = f" ({shown(found.error.code)})" if found.error.code else ""
        return f"{self.account.provider}: {shown(found.error.message)}{code}"

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
            async with self.client() as client:
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
        async with self.client() as client:
            remote = job.remote or await self.find(client, job)
            if remote:
                await _end(client, remote)


def _worded(found: object) -> str:
    """A provider's id or status: ValueError where it is not a word."""
    if not isinstance(found, str) or not found:
        raise ValueError("not a word")
    return found


async def _end(client: openai.AsyncOpenAI, remote: str) -> None:
    with suppress(openai.BadRequestError, openai.NotFoundError, openai.ConflictError):
        await client.fine_tuning.jobs.cancel(remote)


async def _iterated(page: Any) -> AsyncIterator[Any]:
    async for one in page:
        yield one


def carries(remote: Any, tag: str) -> bool:
    """Whether a provider's job is marked with this tag."""
    metadata = getattr(remote, "metadata", None)
    marks = [metadata.get("triage_job") if isinstance(metadata, dict) else None]
    marks += [getattr(remote, name, None) for name in ("suffix", "user_provided_suffix")]
    return any(isinstance(one, str) and (one == tag or one.endswith(f"-{tag}")) for one in marks)
