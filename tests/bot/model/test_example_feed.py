"""Judged answers move the threshold in every process and after a restart."""

from functools import partial
from pathlib import Path

import pytest

from bot.bulk.choose import Choice, Taught, load_taught
from bot.bulk.classify import blueprint_of
from bot.config.config import Settings, load_config
from bot.message.answer_log import AnswerLog
from bot.model.example_feed import ExampleFeed
from classifiers.base import Abstention, Prediction, Score
from classifiers.batching import BatchingClassifier
from classifiers.embedding.index import EmbeddedIndex
from classifiers.embedding.minilm import MiniLmEmbedder
from classifiers.local.local import LocalClassifier
from learning.feedback.track_record import TrackRecord
from storage.examples.examples import Examples
from storage.messages import Message, MessageId
from storage.series import Series
from storage.server.protocol import Client
from storage.stores import Stores
from storage.workspace.workspaces import Workspaces
from tests.learning.teaching import teach

TEAM, TARGET = "T", 0.97
CONFIG = load_config(Path("triage.toml"))
UNSURE = "The profile page shows an error"


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


class Process:
    """The learning parts of a process of the bot."""

    def __init__(self, redis: Client, embedder: MiniLmEmbedder) -> None:
        record, index = TrackRecord(), EmbeddedIndex(embedder)
        outcomes = partial(record.outcomes, CONFIG.label_set.names)
        self.classifier = LocalClassifier(
            CONFIG.label_set, embedder, index, TARGET, None, outcomes=outcomes
        )
        series = Series(redis, TEAM)
        self.example_feed = ExampleFeed(Stores(redis, TEAM), self.classifier, record)
        self.answer_log = AnswerLog(series)

    @property
    def answers(self) -> int:
        assert self.classifier.precision_report is not None
        return self.classifier.precision_report.answers

    async def answered(self, count: int, *, shown: bool) -> None:
        """Record messages that kept the label that the bot gave."""
        best = Score("BILLING", 0.55)
        said = Prediction(best.label, best.confidence, (best,), local=best)
        for number in range(count):
            at = MessageId(team=TEAM, channel="C0SUPPORT", ts=f"{number}.5")
            message = Message(id=at, user="U1", text="")
            await self.answer_log.answered(message, said, shown=shown)


async def test_the_threshold_moves_in_every_process_and_survives_a_restart(
    redis: Client, embedder: MiniLmEmbedder
) -> None:
    await teach(redis, TEAM, 60, CONFIG.label_set.version)
    one, other = Process(redis, embedder), Process(redis, embedder)
    await one.example_feed.load()
    await other.example_feed.load()
    [before] = await one.classifier.classify([UNSURE])
    assert before.reason is Abstention.UNSURE
    assert before.local is not None
    assert before.confidence > 0.55
    await one.answered(300, shown=False)
    await one.answered(300, shown=True)
    await judge_the_last(redis)
    await one.example_feed.catch_up()
    await other.example_feed.catch_up()
    restarted = Process(redis, embedder)
    await restarted.example_feed.load()
    for process in (one, other, restarted):
        assert process.answers == 299
        [after] = await process.classifier.classify([UNSURE])
        assert after.label is not None


async def test_files_are_classified_with_the_same_threshold(
    redis: Client, valkey_url: str, embedder: MiniLmEmbedder
) -> None:
    await teach(redis, TEAM, 60, CONFIG.label_set.version)
    await Process(redis, embedder).answered(300, shown=True)
    await judge_the_last(redis)
    await Workspaces(redis).add(TEAM)
    asked = CONFIG.triage.model_copy(update={"target_precision": TARGET})
    config = CONFIG.model_copy(update={"triage": asked})
    taught = await load_taught(
        Settings(redis_url=valkey_url), config, Choice(team=TEAM, kind="local")
    )
    known = Taught.model_validate_json(taught.model_dump_json())
    made = blueprint_of(config, known).make(1)
    assert isinstance(made, BatchingClassifier)
    assert made.precision_report is not None
    assert made.precision_report.answers == 299


async def judge_the_last(redis: Client) -> None:
    """Confirm the label of the newest message as an agent."""
    examples = Examples(redis)
    [some] = await examples.get(TEAM, ["C0SUPPORT:1.0"])
    assert some is not None
    last = some.model_copy(update={"id": "C0SUPPORT:299.5", "text": "my bill", "label": "BILLING"})
    await examples.put(TEAM, last.id, last)
