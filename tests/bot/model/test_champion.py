"""The champion is followed without a restart; an unusable one leaves the old one in use."""

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.app.loops import Loops
from bot.config.config import Config, Settings, load_config
from bot.model.build import builder
from bot.model.champion import ChampionClassifier
from bot.observe.metrics import Metrics
from classifiers.base import Example, Prediction, Score
from classifiers.factory import Shared, make_shared
from classifiers.local.recipe import Recipe
from learning.feedback.outcomes import answer_record
from learning.feedback.track_record import TrackRecord
from storage.examples.examples import StoredExample
from storage.models import DEFAULT, Model, Models, Promotion
from storage.series import Series
from storage.server.protocol import Client
from tests.sandbox.running import eventually

NOTE = Promotion(act="promote", who="U1", when="1", why="better")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path("triage.toml"))


@pytest.fixture
def shared() -> Shared:
    return make_shared()


def local(config: Config, c: float = 3.0) -> tuple[Model, bytes]:
    file = Recipe(c=c).to_bytes()
    model = Model(
        kind="local",
        backend="local",
        label_set=config.label_set.version,
        snapshot="s",
        created="1",
        sha256=hashlib.sha256(file).hexdigest(),
    )
    return model, file


@pytest.fixture
async def champion(redis: Client, config: Config, shared: Shared) -> ChampionClassifier:
    build = builder(Settings(), config, shared, patience_s=None)
    return ChampionClassifier(Models(redis), "T", build, build(None, b""))


async def promote(redis: Client, model: Model, file: bytes) -> None:
    models = Models(redis)
    await models.add("T", model, file)
    await models.promote("T", model.id, NOTE, None)


async def test_the_pointer_is_followed_there_and_back(
    redis: Client, champion: ChampionClassifier, config: Config
) -> None:
    await champion.refresh()
    default = champion.version
    example = Example("1", "the flux capacitor hums", "OTHER")
    await champion.learn([example])
    taught = champion.version
    assert taught != default
    loops = Loops(Metrics())
    loops.start("champion", champion.refresh, 0.01)
    model, file = local(config)
    await promote(redis, model, file)
    await eventually(lambda: champion.identity == model.id, 5)
    assert champion.version != taught
    [prediction] = await champion.classify(["the flux capacitor hums"])
    assert prediction.neighbours[0].text == example.text
    await champion.learn([Example("2", "the warp drive rattles", "TECHNICAL")])
    await Models(redis).rollback("T", NOTE)
    await eventually(lambda: champion.identity == DEFAULT, 5)
    [prediction] = await champion.classify(["the warp drive rattles"])
    assert prediction.neighbours[0].similarity > 0.99
    await loops.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label_set": "another"}, "for label set another"),
        ({"kind": "hosted", "backend": "openai", "name": "ft:x", "sha256": ""}, "OPENAI"),
    ],
)
async def test_a_model_that_cannot_be_used_leaves_the_old_one(
    redis: Client,
    champion: ChampionClassifier,
    config: Config,
    change: dict[str, str],
    words: str,
) -> None:
    model, file = local(config)
    model = model.model_copy(update=change)
    await promote(redis, model, b"" if model.kind == "hosted" else file)
    before = champion.version
    await champion.refresh()
    assert (champion.version, champion.identity) == (before, DEFAULT)
    assert champion.problem is not None
    assert words in champion.problem
    assert "the default model stays in use" in champion.problem
    await Models(redis).rollback("T", NOTE)
    await champion.refresh()
    assert champion.problem is None


async def test_a_changed_model_file_is_not_used(
    redis: Client, champion: ChampionClassifier, config: Config
) -> None:
    await promote(redis, *local(config))
    await redis.hset("triage:{T}:model-files", local(config)[0].id, "AAAA")
    await champion.refresh()
    assert champion.problem is not None
    assert "damaged" in champion.problem
    other, file = local(config, c=7.0)
    await promote(redis, other, file)
    await champion.refresh()
    assert champion.identity == other.id
    assert not champion.problem


async def test_the_record_of_one_model_does_not_affect_the_next(
    redis: Client, config: Config, shared: Shared
) -> None:
    series, record = Series(redis, "T"), TrackRecord()
    best = Score("BILLING", 0.7)
    said = Prediction(best.label, best.confidence, (best,), local=best)
    for number in range(300):
        await series.append("answers", answer_record(f"C:{number}", said, 1.0).model_dump_json())
    record.put(
        [
            StoredExample(
                id="C:299", text="t", label="BILLING", source="correction", label_set="v", when="1"
            )
        ]
    )

    async def renew() -> None:
        record.answered(await series.answers())

    await renew()
    own = replace(shared, outcomes=partial(record.outcomes, config.label_set.names))
    build = builder(Settings(), config, own, patience_s=None)
    champion = ChampionClassifier(Models(redis), "T", build, build(None, b""), renew)
    assert champion.precision_report is not None
    assert champion.precision_report.answers == 299
    model, file = local(config)
    await promote(redis, model, file)
    await series.restart()
    await champion.refresh()
    assert champion.identity == model.id
    assert champion.precision_report is not None
    assert champion.precision_report.answers == 0
