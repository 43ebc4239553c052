"""What became of answers moves the threshold, in every process and after a restart."""

from functools import partial
from pathlib import Path

import pytest

from support_triage.bot.bulk import blueprint_of
from support_triage.bot.config import Settings, load_config
from support_triage.bot.taught import Choice, Taught, take
from support_triage.bot.teaching import Teaching
from support_triage.bot.watching import Watching
from support_triage.classifiers.base import Abstention, Prediction, Score
from support_triage.classifiers.batching import BatchingClassifier
from support_triage.classifiers.embedder import MiniLmEmbedder
from support_triage.classifiers.index import EmbeddedIndex
from support_triage.classifiers.local import LocalClassifier
from support_triage.learning.track_record import TrackRecord
from support_triage.storage.connection import Client
from support_triage.storage.examples import Examples
from support_triage.storage.messages import Message, MessageId
from support_triage.storage.series import Series
from support_triage.storage.stores import Stores
from support_triage.storage.workspaces import Workspaces
from tests.learning.teaching import teach

TEAM, TARGET = "T", 0.97
CONFIG = load_config(Path("triage.toml"))
UNSURE = "The profile page shows an error"


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


class Process:
    """A process of the bot, as far as it learns."""

    def __init__(self, redis: Client, embedder: MiniLmEmbedder) -> None:
        record, index = TrackRecord(), EmbeddedIndex(embedder)
        outcomes = partial(record.outcomes, CONFIG.label_set.names)
        self.classifier = LocalClassifier(
            CONFIG.label_set, embedder, index, TARGET, None, outcomes=outcomes
        )
        series = Series(redis, TEAM)
        self.teaching = Teaching(Stores(redis, TEAM), self.classifier, record)
        self.watching = Watching(series)

    @property
    def answers(self) -> int:
        assert self.classifier.standing is not None
        return self.classifier.standing.answers

    async def answered(self, count: int, *, shown: bool) -> None:
        """So many messages got a label, and were left with it."""
        best = Score("BILLING", 0.55)
        said = Prediction(best.label, best.confidence, (best,), local=best)
        for number in range(count):
            at = MessageId(team=TEAM, channel="C0SUPPORT", ts=f"{number}.5")
            message = Message(id=at, user="U1", text="")
            await self.watching.answered(message, said, shown=shown)


async def test_it_moves_for_all_and_stays_after_a_restart(
    redis: Client, embedder: MiniLmEmbedder
) -> None:
    await teach(redis, TEAM, 60, CONFIG.label_set.version)
    one, other = Process(redis, embedder), Process(redis, embedder)
    await one.teaching.load()
    await other.teaching.load()
    [before] = await one.classifier.classify([UNSURE])
    assert before.reason is Abstention.UNSURE
    assert before.local is not None
    assert before.confidence > 0.55
    await one.answered(300, shown=False)
    await one.answered(300, shown=True)
    await judge_the_last(redis)
    await one.teaching.catch_up()
    await other.teaching.catch_up()
    restarted = Process(redis, embedder)
    await restarted.teaching.load()
    for process in (one, other, restarted):
        assert process.answers == 299
        [after] = await process.classifier.classify([UNSURE])
        assert after.label is not None


async def test_files_are_classified_by_the_same_threshold(
    redis: Client, valkey_url: str, embedder: MiniLmEmbedder
) -> None:
    await teach(redis, TEAM, 60, CONFIG.label_set.version)
    await Process(redis, embedder).answered(300, shown=True)
    await judge_the_last(redis)
    await Workspaces(redis).add(TEAM)
    asked = CONFIG.triage.model_copy(update={"target_precision": TARGET})
    config = CONFIG.model_copy(update={"triage": asked})
    taught = await take(Settings(redis_url=valkey_url), config, Choice(team=TEAM, kind="local"))
    known = Taught.model_validate_json(taught.model_dump_json())
    made = blueprint_of(config, known).make(1)
    assert isinstance(made, BatchingClassifier)
    assert made.standing is not None
    assert made.standing.answers == 299


async def judge_the_last(redis: Client) -> None:
    """An agent confirms the label of the newest message."""
    examples = Examples(redis)
    [some] = await examples.get(TEAM, ["C0SUPPORT:1.0"])
    assert some is not None
    last = some.model_copy(update={"id": "C0SUPPORT:299.5", "text": "my bill", "label": "BILLING"})
    await examples.stand(TEAM, last.id, last)
