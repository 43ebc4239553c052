"""Steps of background loops survive a bad item and a refusal by Slack."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.admin.drift_watch import DriftWatch
from bot.admin.job_reports import JobPoller
from bot.config.config import PacingConfig, load_config
from bot.model.example_feed import ExampleFeed
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.errors import GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.pacing import Pacing
from bot.slack.people import People
from classifiers.base import Example, Prediction
from classifiers.batching import BatchingClassifier
from learning.feedback.track_record import TrackRecord
from learning.finetune.stages import PollPace
from learning.finetune.trainer import Trainer
from storage import keys
from storage.examples.examples import Examples, StoredExample
from storage.examples.snapshots import Snapshots
from storage.jobs import Job, Jobs, Stage
from storage.models import Models
from storage.series import Series, ShownAnswer
from storage.server.embedded import EmbeddedValkey
from storage.server.limiter import Limiter
from storage.stores import Stores
from storage.workspace.members import Members
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import TEAM
from tests.valkeys import Valkey


class Pupil:
    """A classifier that fails to learn one of its examples."""

    version = "pupil"

    def __init__(self) -> None:
        self.knows: set[str] = set()

    async def classify(self, _: Sequence[str]) -> list[Prediction]:
        raise asyncio.CancelledError

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        self.knows.difference_update(remove)
        if any(one.id == "C:3.0" for one in put):
            raise ValueError("an odd character")
        self.knows.update(one.id for one in put)


async def test_an_example_that_cannot_be_learned_does_not_block_others(redis: Valkey) -> None:
    examples, pupil = Examples(redis), Pupil()
    example_feed = ExampleFeed(Stores(redis, "T"), pupil, TrackRecord())
    for number in range(8):
        one = StoredExample(
            id=f"C:{number}.0", text="t", label="A", source="import", label_set="s", when="1.0"
        )
        await examples.put("T", one.id, one)
    await example_feed.catch_up()
    assert pupil.knows == {f"C:{number}.0" for number in range(8) if number != 3}


async def test_callers_of_an_interrupted_batch_get_an_answer() -> None:
    batching = BatchingClassifier(Pupil())
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(batching.classify(["a"]), 5)


def gateway_of(sandbox: RunningSandbox, redis: Valkey) -> Gateway:
    client = web_client(sandbox.bot_token, sandbox.api_url)
    return Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig(factor=0)))


async def test_a_drift_report_that_slack_refused_is_sent_later_and_once(redis: Valkey) -> None:
    config, series = load_config(Path("triage.toml")), Series(redis, TEAM)
    async with running_sandbox() as sandbox:
        directory = Directory(web_client(sandbox.bot_token, sandbox.api_url), config)
        people = People(config.triage, directory, Members(redis, TEAM))
        watch = DriftWatch(config, series, directory, people, gateway_of(sandbox, redis))
        labels = ["ACCOUNT", "BILLING"] * 200 + ["TECHNICAL", "BILLING"] * 100
        for label in labels:
            one = ShownAnswer(at=time.time(), label=label, classifier="c", ms=1)
            await series.append("answers", one.model_dump_json())

        async def told() -> int:
            messages = (await sandbox.control.state())["messages"].values()
            texts = [one.get("text", "") for place in messages for one in place]
            return sum("Something has changed" in one for one in texts)

        await sandbox.control.faults("chat.postMessage", 500, 9)
        with pytest.raises(ExceptionGroup) as raised:
            await watch.look()
        assert raised.group_contains(GatewayUnavailableError)
        assert await told() == 0
        await sandbox.control.act("faults", clear=True)
        await redis.delete(keys.series_claim(TEAM, "answers"))  # two minutes later
        await watch.look()
        assert await told() >= 1
        before = await told()
        await watch.look()
        assert await told() == before


def job(identity: str, backend: str) -> Job:
    return Job(
        id=identity,
        team=TEAM,
        backend=backend,
        base_model="",
        snapshot="gone",
        label_set="s",
        who="command line",
        created=time.time(),
    )


async def test_a_job_of_another_version_does_not_block_others(redis: Valkey) -> None:
    jobs = Jobs(redis)
    await jobs.add(job("aaaa", "a later backend"))
    await jobs.add(job("bbbb", "local"))
    backends: Any = {"local": object()}
    trainer = Trainer(jobs, Snapshots(redis), Models(redis), backends, PollPace())
    async with running_sandbox() as sandbox:
        poller = JobPoller(trainer, gateway_of(sandbox, redis), TEAM)
        with pytest.raises(BaseExceptionGroup) as raised:
            await poller.turn()
    assert [type(one) for one in raised.value.exceptions] == [KeyError]
    after = await jobs.get(TEAM, "bbbb")
    assert after is not None
    assert after.stage is Stage.FAILED  # its snapshot is missing


async def test_the_watch_of_the_embedded_server_survives_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    look = EmbeddedValkey._check  # noqa: SLF001 - the step of its thread

    def failing(self: EmbeddedValkey) -> None:
        looks.append("look")
        if len(looks) == 1:
            raise OSError("no file handles left")
        look(self)

    monkeypatch.setattr(EmbeddedValkey, "_check", failing)
    with EmbeddedValkey(tmp_path):
        await eventually(lambda: len(looks) > 1, 10)
