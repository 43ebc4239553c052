"""Cards show a message, mention its group, and name emoji."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.config import Config, load_config
from bot.message.cards import Place, card
from bot.message.corrections import Standing
from bot.slack.card import Card
from classifiers.base import Neighbour, Prediction, Score
from sandbox.web_api.block_limits import check_blocks
from storage.messages import Message, MessageId

CONFIG = load_config(Path("triage.toml"))
OPEN = CONFIG.model_copy(update={"cards": CONFIG.cards.model_copy(update={"redact": False})})
SECRETS = "Card 4111 1111 1111 1111, write to ana.doe@example.org or call +1 415 555 2671"
SURE = Prediction("BILLING", 0.93, (Score("BILLING", 0.93), Score("OTHER", 0.05)))
UNSURE = Prediction(None, 0.41, (Score("TECHNICAL", 0.41), Score("ACCOUNT", 0.3)))


def made(
    text: str = "Charged twice",
    prediction: Prediction | None = SURE,
    standing: Standing | None = None,
    config: Config = CONFIG,
    **place: Any,
) -> Card:
    given = {"channel": "C0BILLING", "author": "cleo", "group": None, "link": "https://x/p1"}
    message = Message(id=MessageId(team="T", channel="C0SUPPORT", ts="1.0"), user="U1", text=text)
    label = standing.label if standing else prediction.label if prediction else None
    known = label if label in config.label_set.names else None
    where = Place(**(given | place))
    return card(config, message, where, label=known, prediction=prediction, standing=standing)


def written(shown: Card) -> str:
    return json.dumps([shown.blocks, shown.text], ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    ["<a>1</a>" * 200, "&" * 40_000, "😀" * 40_000, "\ud83d", "```" * 2_000, "", "x" * 3_000],
)
def test_any_text_gives_a_valid_card(text: str) -> None:
    near = (Neighbour(text, "BILLING", 0.9),)
    shown = made(text, Prediction("BILLING", 0.9, neighbours=near), author=text)
    for one in (shown, shown.bare):
        assert one is not None
        check_blocks(list(one.blocks), 50)
        json.dumps([one.blocks, one.text], ensure_ascii=False).encode()
    assert len(shown.text) <= 300


@given(st.text(), st.text(max_size=80), st.text())
def test_any_three_texts_give_a_valid_card(text: str, author: str, near: str) -> None:
    neighbours = (Neighbour(near, "BILLING", 0.9),)
    shown = made(text, Prediction("BILLING", 0.9, neighbours=neighbours), author=author)
    check_blocks(list(shown.blocks), 50)
    written(shown).encode()


def test_mentions_and_links_of_authors_are_inert() -> None:
    text = "<!channel> <@U0AVA> <https://evil.example|bank> @here #general"
    near = (Neighbour(text, "BILLING", 0.9),)
    shown = made(text, Prediction("BILLING", 0.9, neighbours=near), author=text)
    for wrong in ("<!channel>", "<@U0AVA>", "<https"):
        assert wrong not in written(shown)
    texts = [one for block in shown.blocks for one in block.get("elements", [block.get("text")])]
    assert all(text["verbatim"] for text in texts)  # plain names and URLs are inert too


def test_personal_data_stays_in_its_channel() -> None:
    near = (Neighbour(SECRETS, "BILLING", 0.9),)
    shown = written(made(SECRETS, Prediction("BILLING", 0.9, neighbours=near), author=SECRETS))
    for secret in ("4111", "ana.doe", "2671"):
        assert secret not in shown
    assert "Card [card number 1], write to [e-mail address 1] or call [phone number 1]" in shown
    assert "https://x/p1" in shown  # the link to the original


def test_redaction_of_cards_can_be_switched_off() -> None:
    assert tomllib.loads(Path("triage.toml").read_text())["cards"] == {"redact": True}
    assert "4111 1111 1111 1111" in written(made(SECRETS, config=OPEN))


def test_a_cut_text_shows_no_partial_number() -> None:
    for length in range(2_960, 3_000):
        assert "4111" not in written(made("x" * length + " 4111 1111 1111 1111 " + "y" * 99))


def hint(shown: Card) -> str:
    return str(shown.blocks[-1]["elements"][0]["text"])


def test_a_sure_card_names_the_emoji_that_confirm_and_correct() -> None:
    assert hint(made()) == (
        ":white_check_mark: confirms · corrects to :speech_balloon: OTHER  :wrench: TECHNICAL  "
        ":bust_in_silhouette: ACCOUNT"
    )


def test_an_unsure_card_names_its_guesses_and_offers_nothing_to_confirm() -> None:
    shown = made(prediction=UNSURE)
    assert hint(shown) == (
        "Best guesses: :wrench: TECHNICAL 41%  :bust_in_silhouette: ACCOUNT 30% · "
        "Label it: :moneybag: BILLING  :speech_balloon: OTHER"
    )
    assert "white_check_mark" not in written(shown)


def test_every_label_is_named_once_if_all_are_guesses() -> None:
    names = ("TECHNICAL", "OTHER", "ACCOUNT", "BILLING")
    shares = tuple(Score(name, 0.4 - place / 10) for place, name in enumerate(names))
    shown = hint(made(prediction=Prediction(None, 0.4, shares)))
    assert [shown.count(name) for name in names] == [1, 1, 1, 1]
    assert shown.endswith("Label it: :moneybag: BILLING")


@pytest.mark.parametrize("prediction", [None, Prediction(None, 0.0), Prediction("GONE", 0.9)])
def test_a_card_without_a_guess_names_every_label(prediction: Prediction | None) -> None:
    shown = hint(made(prediction=prediction))
    assert shown.startswith("Label it: :moneybag: BILLING")
    assert "white_check_mark" not in shown


def test_a_current_label_can_be_confirmed_by_another_agent() -> None:
    standing = Standing("ACCOUNT", "correction", "U0AVA", "2.0")
    shown = made(prediction=UNSURE, standing=standing)
    assert hint(shown).startswith(":white_check_mark: confirms · corrects to :wrench: TECHNICAL")
    assert "Correction by <@U0AVA>" in written(shown)


def test_a_group_without_an_id_is_shown_by_its_handle() -> None:
    assert "@billing" in written(made(group="@billing"))
    assert "<!subteam^S1>" in written(made(group="S1"))
