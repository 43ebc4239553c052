"""The gateway: what is done already counts as done, and an error says whether a retry helps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bot.config.config import PacingConfig
from bot.slack.card import Card
from bot.slack.client import web_client
from bot.slack.errors import GatewayError, GatewayPacedError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.pacing import Pacing
from sandbox.workspace import acts
from storage.server.limiter import Limiter
from storage.server.protocol import Client
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import BILLING, SUPPORT, TEAM

CARD = Card(
    BILLING,
    ({"type": "section", "text": {"type": "mrkdwn", "text": "A request"}},),
    "A request",
    f"{SUPPORT}:1.0",
)


@dataclass
class Wire:
    """A gateway to a sandbox, and a message there."""

    sandbox: RunningSandbox
    gateway: Gateway
    ts: str


@pytest.fixture
async def wire(redis: Client) -> AsyncIterator[Wire]:
    async with running_sandbox() as sandbox:
        sandbox.state.on_event.clear()
        client = web_client(sandbox.bot_token, sandbox.api_url)
        gateway = Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig(factor=0)))
        kept = acts.person_post(sandbox.state, "U0CLEO", SUPPORT, {"text": "hello"})
        yield Wire(sandbox, gateway, str(kept["ts"]))


async def test_what_is_done_already_is_fine(wire: Wire) -> None:
    for _ in range(2):
        await wire.gateway.add_emoji(SUPPORT, wire.ts, "moneybag")
    assert await wire.sandbox.control.reactions(SUPPORT, wire.ts) == {"moneybag": ["UBOT00001"]}
    for _ in range(2):
        await wire.gateway.remove_emoji(SUPPORT, wire.ts, "moneybag")
    assert await wire.sandbox.control.reactions(SUPPORT, wire.ts) == {}


async def test_a_card_lives_through_post_update_and_delete(wire: Wire) -> None:
    ts = await wire.gateway.post(CARD)
    posted = await wire.sandbox.control.message(BILLING, ts)
    assert posted["metadata"]["event_payload"] == {"message": CARD.message}
    await wire.gateway.update(Card(BILLING, CARD.blocks, "Changed", CARD.message), ts)
    assert (await wire.sandbox.control.message(BILLING, ts))["text"] == "Changed"
    for _ in range(2):
        await wire.gateway.delete(BILLING, ts)
    await wire.gateway.update(CARD, ts)
    assert ts not in [one["ts"] for one in await wire.sandbox.control.messages(BILLING)]


async def test_a_refusal_names_the_method_and_the_remedy(wire: Wire) -> None:
    await wire.sandbox.control.faults("reactions.add", "missing_scope")
    with pytest.raises(GatewayError, match=r"reactions\.add.*missing_scope.*manifest\.yml") as told:
        await wire.gateway.add_emoji(SUPPORT, wire.ts, "moneybag")
    assert not isinstance(told.value, GatewayUnavailableError)
    assert told.value.code == "missing_scope"


async def test_an_outage_may_be_retried(wire: Wire) -> None:
    await wire.sandbox.control.faults("chat.postMessage", 500)
    with pytest.raises(GatewayUnavailableError):
        await wire.gateway.post(CARD)
    assert await wire.gateway.post(CARD)


async def test_a_rate_limit_holds_all_calls_of_the_method_off(wire: Wire, redis: Client) -> None:
    client = web_client(wire.sandbox.bot_token, wire.sandbox.api_url)
    wire = replace(wire, gateway=Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig())))
    await wire.sandbox.control.faults("reactions.add", 429, retry_after=30)
    with pytest.raises(GatewayPacedError) as told:
        await wire.gateway.add_emoji(SUPPORT, wire.ts, "moneybag")
    assert told.value.after_s == 30
    with pytest.raises(GatewayPacedError) as told:
        await wire.gateway.add_emoji(SUPPORT, wire.ts, "wrench")
    assert told.value.after_s is not None
    assert 0 < told.value.after_s <= 30
    assert len(await wire.sandbox.control.calls("reactions.add")) == 1
    await wire.gateway.remove_emoji(SUPPORT, wire.ts, "moneybag")  # another method is free


async def test_history_is_read_page_by_page(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.gateway._PAGE", 2)
    for number in range(3):
        acts.person_post(wire.sandbox.state, "U0ABEL", SUPPORT, {"text": str(number)})
    found, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page, cursor = await wire.gateway.history(SUPPORT, wire.ts, cursor)
        found += [one["text"] for one in page]
        pages += 1
    assert sorted(found) == ["0", "1", "2"]
    assert pages == 2
