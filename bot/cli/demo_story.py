"""The demo's story: labels, a correction, and a label learned from it."""

from collections.abc import Callable
from typing import Any, Protocol

SUPPORT = "C0SUPPORT"
TICKETS = (
    ("My invoice shows the wrong amount", "BILLING", "moneybag", "C0BILLING"),
    ("The dashboard is not loading on Chrome", "TECHNICAL", "wrench", "C0TECHNICAL"),
    ("How do I reset my password?", "ACCOUNT", "bust_in_silhouette", "C0ACCOUNT"),
    ("Do you offer student discounts?", "OTHER", "speech_balloon", "C0OTHER"),
)
NAMES = {
    "C0BILLING": "billing",
    "C0TECHNICAL": "technical",
    "C0ACCOUNT": "account",
    "C0OTHER": "general-triage",
    "C0HUMAN": "needs-human",
}
NEW = "Can you send us a W-9 form for our vendor onboarding?"
SIMILAR = "Our vendor onboarding still needs your W-9 form"
NOISE = "The mitochondria is the powerhouse of the cell"

State = dict[str, Any]


class Theatre(Protocol):
    """A stage: people act on it, and the story checks what they see."""

    async def act(self, act: str, **body: Any) -> State:
        """Act as a person in Slack."""
        ...

    async def until(self, what: str, find: Callable[[State], Any]) -> Any:
        """Wait until `find` finds something in the state, and return it."""
        ...

    def say(self, who: str, text: str) -> None:
        """Print one line of the transcript."""
        ...


def emoji_of_bot(state: State, ts: str) -> set[str]:
    """Return the bot's emoji on a message of #support."""
    bot = state["bot_user_id"]
    found = [message for message in state["messages"][SUPPORT] if message["ts"] == ts]
    reactions = found[0].get("reactions", []) if found else []
    return {reaction["name"] for reaction in reactions if bot in reaction["users"]}


def cards(state: State, ts: str) -> list[tuple[str, str]]:
    """Return (channel, ts) of each card about a message of #support."""
    return [
        (channel, posted["ts"])
        for channel, messages in state["messages"].items()
        for posted in messages
        if posted.get("metadata", {}).get("event_payload", {}).get("message") == f"{SUPPORT}:{ts}"
    ]


async def _write(stage: Theatre, text: str) -> str:
    stage.say("customer", f"#support: {text}")
    return str((await stage.act("messages", user="U0CLEO", channel=SUPPORT, text=text))["ts"])


async def _answered(stage: Theatre, ts: str, emoji: str, channel: str, result: str) -> str:
    """Wait for exactly this emoji and one card in this channel; return the card's ts."""

    def seen(state: State) -> Any:
        found = cards(state, ts)
        right = emoji_of_bot(state, ts) == {emoji} and [card[0] for card in found] == [channel]
        return found[0][1] if right else None

    card = str(await stage.until(f"{result}: emoji :{emoji}: and one card in {channel}", seen))
    stage.say("bot", f":{emoji}: {result}, card in #{NAMES[channel]}")
    return card


async def tell(stage: Theatre) -> None:
    """Play the story; the stage raises if a step does not happen."""
    for text, label, emoji, channel in TICKETS:
        ts = await _write(stage, text)
        await _answered(stage, ts, emoji, channel, label)
        await stage.act("react", user="U0AVA", channel=SUPPORT, ts=ts, name="white_check_mark")
    stage.say("agent", "adds :white_check_mark: to each: these labels are right")
    await _answered(
        stage, await _write(stage, NOISE), "raising_hand", "C0HUMAN", "not sure: needs a human"
    )
    ts = await _write(stage, NEW)
    await stage.until("an answer to a new kind of message", lambda state: cards(state, ts))
    stage.say("customer", "(adds :wrench: but is not an agent, so nothing changes)")
    await stage.act("react", user="U0CARL", channel=SUPPORT, ts=ts, name="wrench")
    stage.say("agent", "adds :moneybag: this one is for billing")
    await stage.act("react", user="U0AVA", channel=SUPPORT, ts=ts, name="moneybag")
    await _answered(stage, ts, "moneybag", "C0BILLING", "corrected to BILLING")
    similar = await _write(stage, SIMILAR)
    await _answered(stage, similar, "moneybag", "C0BILLING", "learned: BILLING")
    await _command(stage)


async def _command(stage: Theatre) -> None:
    stage.say("admin", "/triage accuracy")
    await stage.act("slash", user="U0ADA", channel=SUPPORT, command="/triage", text="accuracy")

    def seen(state: State) -> str | None:
        texts = [answer.get("text", "") for answer in state["ephemerals"]]
        return next((text for text in texts if text.startswith("*Accuracy*")), None)

    for line in str(await stage.until("an answer to /triage accuracy", seen)).splitlines():
        stage.say("bot", line)
