"""What can happen to a message, as it is stored between the ack and the answer."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from support_triage.storage.records import Frozen, Message, MessageId


class _Happened(Frozen):
    """What is known at the hand-out of an event.

    `doubt`: what was shown since this Unix time may not be on record; 0 where it is. `waited_s`:
    seconds since it was received, 0 for a moment.
    """

    doubt: float = 0.0
    waited_s: float = 0.0


class Posted(_Happened):
    """A message was written, or edited when `message.edited` is set."""

    kind: Literal["posted"] = "posted"
    message: Message

    @property
    def item(self) -> MessageId:
        """What it happened to."""
        return self.message.id


class Deleted(_Happened):
    """A message was deleted."""

    kind: Literal["deleted"] = "deleted"
    id: MessageId

    @property
    def item(self) -> MessageId:
        """What it happened to."""
        return self.id


class Reacted(_Happened):
    """An emoji was put on a message or card, or taken off; `at` is Slack's event time.

    `home` is the workspace of who did it where Slack says it, else "".
    `received` is when it came in, by the storage's clock; 0 until it is handed out.
    """

    kind: Literal["reacted"] = "reacted"
    item: MessageId
    user: str
    emoji: str
    added: bool
    at: str
    home: str = ""
    received: float = 0.0


class Asked(_Happened):
    """An admin's command that waits for a worker; `item` is a place of its own, no message."""

    kind: Literal["asked"] = "asked"
    item: MessageId
    user: str
    text: str
    response_url: str


Event = Posted | Deleted | Reacted | Asked
KINDS = tuple(str(one.model_fields["kind"].default) for one in (Posted, Deleted, Reacted, Asked))
EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
"""Reads an event from JSON; ValidationError (a ValueError) where it is none."""
