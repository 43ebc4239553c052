"""The decision on a message: an agent's label outranks the model's, and doubt is shown."""

from pathlib import Path

import pytest

from bot.config.config import Config, Mode, load_config
from bot.message.corrections import Standing
from bot.message.decision import Decision, decide
from classifiers.base import Prediction

UNSURE = Prediction(None, 0.4)


@pytest.fixture(scope="module")
def config() -> Config:
    loaded = load_config(Path("triage.toml"))
    labels = (
        loaded.label("BILLING").model_copy(update={"channel": "#billing", "mention": "@billing"}),
        loaded.label("TECHNICAL").model_copy(update={"channel": "#technical"}),
    )
    return loaded.model_copy(update={"labels": labels})


def given(label: str) -> Standing:
    return Standing(label, "correction", "U0AVA", "1.0")


def test_a_sure_prediction_is_routed(config: Config) -> None:
    found = decide(config, Mode.ROUTE, Prediction("BILLING", 0.97), None, deleted=False)
    assert found == Decision("moneybag", "#billing", "BILLING", "@billing")


def test_an_agents_label_outranks_the_model(config: Config) -> None:
    sure = Prediction("BILLING", 0.99)
    found = decide(config, Mode.ROUTE, sure, given("TECHNICAL"), deleted=False)
    assert (found.label, found.channel, found.mention) == ("TECHNICAL", "#technical", None)


@pytest.mark.parametrize("prediction", [None, UNSURE])
def test_doubt_needs_a_human(config: Config, prediction: Prediction | None) -> None:
    found = decide(config, Mode.ROUTE, prediction, None, deleted=False)
    triage = config.triage
    assert found == Decision(triage.needs_human_emoji, triage.needs_human_channel)


def test_a_label_that_triage_toml_no_longer_has_needs_a_human(config: Config) -> None:
    found = decide(config, Mode.ROUTE, Prediction("REMOVED", 0.99), None, deleted=False)
    assert (found.label, found.emoji) == (None, config.triage.needs_human_emoji)


def test_suggest_shows_an_emoji_and_no_card(config: Config) -> None:
    found = decide(config, Mode.SUGGEST, Prediction("BILLING", 0.97), None, deleted=False)
    assert (found.emoji, found.channel) == ("moneybag", None)


@pytest.mark.parametrize(("mode", "deleted"), [(Mode.MONITOR, False), (Mode.ROUTE, True)])
def test_nothing_is_shown_in_monitor_mode_or_of_what_was_deleted(
    config: Config,
    mode: Mode,
    deleted: bool,  # noqa: FBT001
) -> None:
    found = decide(config, mode, Prediction("BILLING", 0.97), None, deleted=deleted)
    assert found == Decision()
