"""A message gets one visible answer, for any order, duplicates, deaths and workers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.config import Config, PacingConfig, load_config
from bot.message import card_search
from bot.message.answer_log import AnswerLog
from bot.message.late_cards import LateCards
from bot.message.presenter import Presenter
from bot.message.triage import Triage
from bot.model.example_feed import ExampleFeed
from bot.slack.card import Author, card_about
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.gateway import Gateway
from bot.slack.pacing import Pacing
from bot.slack.people import People
from bot.tasks import end
from classifiers.base import Example, Prediction
from learning.feedback.track_record import TrackRecord
from sandbox.workspace import acts
from storage import keys
from storage.examples.examples import Examples
from storage.inbox.events import Deleted, Event, Posted, Reacted
from storage.messages import Message, MessageId
from storage.records import HeldError, LostHoldError, Records
from storage.server.limiter import Limiter
from storage.stores import Stores
from storage.workspace.members import Members
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import BILLING, BOT, SUPPORT, TEAM, TECHNICAL
from tests.valkeys import Valkey, connect_admin

EMOJI = {
    "BILLING": "moneybag",
    "TECHNICAL": "wrench",
    "ACCOUNT": "bust_in_silhouette",
    "OTHER": "speech_balloon",
}
PLACE = {"BILLING": BILLING, "TECHNICAL": TECHNICAL, "ACCOUNT": "C0ACCOUNT", "OTHER": "C0OTHER"}
TEXTS = {"post": (0, "BILLING then"), "edit": (20, "TECHNICAL now"), "edit again": (50, "OTHER")}
TIMES = {"confirm": 10, "correct": 30, "take back": 40}


class Death(BaseException):
    """The simulated end of a process."""


class Fate:
    """The number of boundaries that a process survives: before and after each outside call."""

    def __init__(self, lives: int | None) -> None:
        self.left = lives

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Death

    async def around(self, call: Callable[[], Awaitable[Any]]) -> Any:
        self.step()
        answer = await call()
        self.step()
        return answer


class MortalClient(AsyncWebClient):
    """The client of slack_sdk in a process that may die at each call."""

    fate: Fate

    async def api_call(self, *given: Any, **named: Any) -> Any:
        ask = super().api_call
        return await self.fate.around(lambda: ask(*given, **named))


class Keywords:
    """A classifier that labels a text by its first word, to test only the state machine."""

    version = "keywords"

    async def classify(self, messages: Sequence[str]) -> list[Prediction]:
        return [Prediction(text.split()[0], 0.99, classifier=self.version) for text in messages]

    async def learn(self, examples: Sequence[Example], forget: Sequence[str] = ()) -> None:
        """Do nothing: labels are in the texts."""


@dataclass
class Office:
    """A workspace and the processes that serve it."""

    sandbox: RunningSandbox
    url: str
    config: Config
    directory: Directory
    people: People
    redis: Valkey
    deaths: int = 0
    ids: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def process(self, lives: int | None) -> AsyncIterator[Triage]:
        fate = Fate(lives)
        async with connect_admin(self.url, Path("/nonexistent")) as redis:
            execute = redis.execute_command
            redis.execute_command = lambda *given, **named: fate.around(
                lambda: execute(*given, **named)
            )
            client = MortalClient(
                token=self.sandbox.bot_token, base_url=self.sandbox.api_url, retry_handlers=[]
            )
            client.fate = fate
            gateway = Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig(factor=0)))
            gateway._client = client  # noqa: SLF001 - a client that may die
            stores = Stores(redis, TEAM)
            classifier = Keywords()
            yield Triage(
                self.config,
                stores,
                self.people,
                classifier,
                Presenter(self.config, gateway, self.directory, stores.workspaces),
                ExampleFeed(stores, classifier, TrackRecord()),
                AnswerLog(stores.series),
            )

    async def deliver(self, event: Event, lives: int | None) -> None:
        """Deliver an event until a process survives it."""
        while True:
            try:
                async with self.process(lives) as triage:
                    return await triage.handle(event)
            except Death:
                lives = None
                self.deaths += 1
                at = event.item
                await self.redis.delete(keys.lock(TEAM, at.channel, at.ts))  # its lease expired
            except (HeldError, LostHoldError):
                continue

    def write(self, text: str) -> str:
        kept = acts.person_post(self.sandbox.state, "U0CLEO", SUPPORT, {"text": text})
        return str(kept["ts"])

    def emoji(self, ts: str) -> set[str]:
        kept = self.sandbox.state.message(SUPPORT, ts)
        reactions = kept.get("reactions", [])
        return {reaction["name"] for reaction in reactions if BOT in reaction["users"]}

    def cards(self, ts: str) -> list[str]:
        """Return the channels of the cards about a message."""
        return [place for place, _ in self._cards(ts)]

    def posts(self, ts: str) -> list[str]:
        """Return the ts of each card about a message."""
        return [card for _, card in self._cards(ts)]

    def _cards(self, ts: str) -> list[tuple[str, str]]:
        return [
            (place, str(message["ts"]))
            for place, messages in self.sandbox.state.messages.items()
            for message in messages.values()
            if card_about(message, Author(BOT)) == f"{SUPPORT}:{ts}"
        ]


@pytest.fixture
async def office(redis: Valkey, valkey_url: str) -> AsyncIterator[Office]:
    config = load_config(Path("triage.toml"))
    async with running_sandbox() as sandbox:
        sandbox.state.on_event.clear()  # the test delivers events
        directory = Directory(web_client(sandbox.bot_token, sandbox.api_url), config)
        people = People(config.triage, directory, Members(redis, TEAM))
        yield Office(sandbox, valkey_url, config, directory, people, redis)


def story(ts: str) -> dict[str, Event]:
    """Return the events of a message, with their times."""
    at = MessageId(team=TEAM, channel=SUPPORT, ts=ts)

    def when(seconds: int) -> str:
        return f"{int(ts.split('.', maxsplit=1)[0]) + seconds}.000000"

    def reacted(user: str, emoji: str, seconds: int, *, added: bool = True) -> Reacted:
        return Reacted(item=at, user=user, emoji=emoji, added=added, at=when(seconds))

    def posted(name: str) -> Posted:
        seconds, text = TEXTS[name]
        edited = when(seconds) if seconds else ""
        return Posted(message=Message(id=at, user="U0CLEO", text=text, edited=edited))

    return {
        **{name: posted(name) for name in TEXTS},
        "confirm": reacted("U0ABEL", "white_check_mark", TIMES["confirm"]),
        "correct": reacted("U0AVA", "bust_in_silhouette", TIMES["correct"]),
        "take back": reacted("U0AVA", "bust_in_silhouette", TIMES["take back"], added=False),
        "delete": Deleted(id=at),
    }


def text_at(names: set[str], seconds: int) -> str:
    """Return the text that people saw `seconds` after the post."""
    return max(TEXTS[name] for name in names & set(TEXTS) if TEXTS[name][0] <= seconds)[1]


def expected(names: set[str]) -> tuple[str | None, str | None, str | None]:
    """Return the shown label, the current label and the example's text after these events."""
    if "delete" in names:
        return None, None, None
    first = min((TIMES[name] for name in names & set(TIMES)), default=99)
    predicted = text_at(names, first).split()[0]
    if "correct" in names and "take back" not in names:
        return "ACCOUNT", "ACCOUNT", text_at(names, TIMES["correct"])
    if "confirm" in names:
        return predicted, predicted, text_at(names, TIMES["confirm"])
    return predicted, None, None


@st.composite
def deliveries(draw: st.DrawFn) -> list[str]:
    chosen = draw(st.sets(st.sampled_from(sorted({*TEXTS, *TIMES, "delete"} - {"post"}))))
    again = draw(st.lists(st.sampled_from(["post", *sorted(chosen)]), max_size=2))
    return list(draw(st.permutations(["post", *sorted(chosen), *again])))


async def plays_out(
    office: Office, order: list[str], lives: list[int | None], *, at_once: bool
) -> None:
    ts = office.write("BILLING then")
    events = story(ts)
    runs = [
        (events[name], lives[place % len(lives)] if lives else None)
        for place, name in enumerate(order)
    ]
    if at_once:
        await asyncio.gather(*(office.deliver(*run) for run in runs))
    else:
        for run in runs:
            await office.deliver(*run)
    label, standing, text = expected(set(order))
    assert office.emoji(ts) == ({EMOJI[label]} if label else set())
    assert office.cards(ts) == ([PLACE[label]] if label else [])
    [example] = await Examples(office.redis).get(TEAM, [f"{SUPPORT}:{ts}"])
    assert (None if example is None else example.label) == standing
    assert (None if example is None else example.text) == text


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(deliveries(), st.lists(st.none() | st.integers(0, 40), max_size=4), st.booleans())
async def test_every_interleaving_ends_in_the_same_answer(
    office: Office,
    order: list[str],
    lives: list[int | None],
    at_once: bool,  # noqa: FBT001 - drawn
) -> None:
    await plays_out(office, order, lives, at_once=at_once)


async def test_an_example_survives_any_number_of_edits(office: Office) -> None:
    ts = office.write("BILLING then")
    events = story(ts)
    for name in ("post", "edit", "correct"):
        await office.deliver(events[name], None)
    for number in range(50, 80):
        edited = f"{float(ts) + number:.6f}"
        message = Message(id=events["post"].item, user="U0CLEO", text="OTHER", edited=edited)
        await office.deliver(Posted(message=message), None)
    [example] = await Examples(office.redis).get(TEAM, [f"{SUPPORT}:{ts}"])
    assert example is not None
    assert (example.text, example.predicted) == ("TECHNICAL now", "TECHNICAL")
    again = events["correct"].model_copy(update={"emoji": "wrench", "at": f"{float(ts) + 90:.6f}"})
    await office.deliver(again, None)
    [example] = await Examples(office.redis).get(TEAM, [f"{SUPPORT}:{ts}"])
    assert example is not None
    assert (example.text, example.label) == ("OTHER", "TECHNICAL")


async def test_a_death_at_each_boundary_leaves_one_answer(office: Office) -> None:
    """Die before and after each call to Redis and Slack, for a message whose card moves."""
    lives = 0
    while True:
        office.deaths = 0
        await plays_out(office, ["post", "correct"], [lives], at_once=False)
        if office.deaths == 0:
            break
        lives += 1
    assert lives >= 28  # fewer boundaries would mean that fewer calls are tested


async def test_data_lost_by_redis_is_recalled_from_slack(office: Office) -> None:
    """After the loss of a record, no second card or emoji appears in any channel."""
    ts = office.write("BILLING then")
    events = story(ts)
    for name in ("post", "correct"):
        await office.deliver(events[name], None)
    assert office.cards(ts) == [PLACE["ACCOUNT"]]
    at = MessageId(team=TEAM, channel=SUPPORT, ts=ts)
    await office.redis.delete(keys.record(TEAM, SUPPORT, ts), keys.reactions(TEAM, SUPPORT, ts))
    doubtful = events["post"].model_copy(update={"doubt": float(at.ts) - 60})
    await office.deliver(doubtful, None)
    assert office.cards(ts) == [BILLING]
    assert office.emoji(ts) == {EMOJI["BILLING"]}


async def test_a_card_that_arrives_late_is_deleted_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delay the first worker's post until a second worker has posted."""
    monkeypatch.setattr(card_search, "_LOOKS_S", (2.0, 3.0))
    ts = office.write("BILLING then")
    event = story(ts)["post"]
    await office.sandbox.control.faults("chat.postMessage", "ok", delay=1.5)
    async with office.process(None) as dying:
        handling = asyncio.create_task(dying.handle(event))
        await eventually(lambda: not office.sandbox.server.sandbox.faults.pending)
        await end(handling)
    await office.redis.delete(keys.lock(TEAM, SUPPORT, ts))
    await office.deliver(event, None)
    [kept] = office.posts(ts)
    await eventually(lambda: len(office.posts(ts)) == 2)  # the first post arrives
    async with office.process(None) as triage:
        late = LateCards(Records(office.redis), TEAM, triage.look_again)

        async def searched() -> bool:
            await late.look()
            return not await office.redis.exists(keys.late(TEAM))

        await eventually(searched)
    assert office.posts(ts) == [kept]
    record = await Records(office.redis).get(event.item)
    assert record is not None
    assert (record.shown.card and record.shown.card.ts, record.shown.late) == (kept, ())


async def test_a_late_card_of_a_forgotten_message_is_not_searched(office: Office) -> None:
    ts = office.write("BILLING then")  # forgotten, then written again
    await office.deliver(story(ts)["post"], None)
    await office.redis.zadd(keys.late(TEAM), {f"{SUPPORT}:1.0": 1.0, f"{SUPPORT}:{ts}": 1.0})
    async with office.process(None) as triage:
        await LateCards(Records(office.redis), TEAM, triage.look_again).look()
    assert not await office.redis.exists(keys.late(TEAM))
