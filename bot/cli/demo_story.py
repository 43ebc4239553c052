"""The story that the demo tells: labels, a correction, and what was learnt from it."""

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
    """Where the story plays."""

    async def act(self, act: str, **body: Any) -> State:
        """Do something as a person would."""
        ...

    async def until(self, what: str, seen: Callable[[State], Any]) -> Any:
        """Wait until `seen` finds something."""
        ...

    def say(self, who: str, text: str) -> None:
        """Print a line."""
        ...


def emoji_of_bot(state: State, ts: str) -> set[str]:
    """The bot's emoji on a message of #support."""
    bot = state["bot_user_id"]
    found = [one for one in state["messages"][SUPPORT] if one["ts"] == ts]
    reactions = found[0].get("reactions", []) if found else []
    return {one["name"] for one in reactions if bot in one["users"]}


def cards(state: State, ts: str) -> list[tuple[str, str]]:
    """(channel, ts) of each card about a message of #support."""
    return [
        (channel, one["ts"])
        for channel, messages in state["messages"].items()
        for one in messages
        if one.get("metadata", {}).get("event_payload", {}).get("message") == f"{SUPPORT}:{ts}"
    ]


async def _write(stage: Theatre, text: str) -> str:
    stage.say("customer", f"#support: {text}")
    return str((await stage.act("messages", user="U0CLEO", channel=SUPPORT, text=text))["ts"])


async def _answered(stage: Theatre, ts: str, emoji: str, channel: str, said: str) -> str:
    """Wait for just this emoji and just this card; the card's ts."""

    def seen(state: State) -> Any:
        found = cards(state, ts)
        right = emoji_of_bot(state, ts) == {emoji} and [one[0] for one in found] == [channel]
        return found[0][1] if right else None

    card = str(await stage.until(f"{said}: emoji :{emoji}: and one card in {channel}", seen))
    stage.say("bot", f":{emoji}: {said}, card in #{NAMES[channel]}")
    return card


async def tell(stage: Theatre) -> None:
    """Play it; the stage raises where something does not come true."""
    for text, label, emoji, channel in TICKETS:
        ts = await _write(stage, text)
        await _answered(stage, ts, emoji, channel, label)
        await stage.act("react", user="U0AVA", channel=SUPPORT, ts=ts, name="white_check_mark")
    stage.say("agent", "puts :white_check_mark: on each: these labels are right")
    await _answered(
        stage, await _write(stage, NOISE), "raising_hand", "C0HUMAN", "not sure: needs a human"
    )
    ts = await _write(stage, NEW)
    await stage.until("any answer to a new kind of message", lambda state: cards(state, ts))
    stage.say("customer", "(puts :wrench: on it: not an agent, so nothing changes)")
    await stage.act("react", user="U0CARL", channel=SUPPORT, ts=ts, name="wrench")
    stage.say("agent", "puts :moneybag: on it: this is for billing")
    await stage.act("react", user="U0AVA", channel=SUPPORT, ts=ts, name="moneybag")
    await _answered(stage, ts, "moneybag", "C0BILLING", "corrected to BILLING")
    similar = await _write(stage, SIMILAR)
    await _answered(stage, similar, "moneybag", "C0BILLING", "learnt: BILLING")
    await _command(stage)


async def _command(stage: Theatre) -> None:
    stage.say("admin", "/triage accuracy")
    await stage.act("slash", user="U0ADA", channel=SUPPORT, command="/triage", text="accuracy")

    def seen(state: State) -> str | None:
        texts = [one.get("text", "") for one in state["ephemerals"]]
        return next((text for text in texts if text.startswith("*Accuracy*")), None)

    for line in str(await stage.until("an answer to /triage accuracy", seen)).splitlines():
        stage.say("bot", line)
