"""What can happen to a message, as it is stored between the ack and the answer."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from storage.messages import Frozen, Message, MessageId


class _Happened(Frozen):
    """What is known at the hand-out of an event.

    `doubt`: what was shown since this Unix time may not be on record; 0 where it is. `waited_s`:
    seconds since it was received, 0 for a moment.
    """

    doubt: float = 0.0
    waited_s: float = 0.0


class Posted(_Happened):
    """A message was written, or edited when `message.edited` is set.

    `before` is the text that an edit replaced, where Slack tells it.
    """

    kind: Literal["posted"] = "posted"
    message: Message
    before: Message | None = None

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


class Outdated(_Happened):
    """The card of a message may show what is gone: it is to be shown anew."""

    kind: Literal["outdated"] = "outdated"
    id: MessageId

    @property
    def item(self) -> MessageId:
        """The message."""
        return self.id


def wrote(user: str, content: str, until: float) -> bool:
    """Return whether a stored event is a message that this person sent until a Unix time.

    Where another version stored it, this is taken for granted as soon as it names the person.
    """
    try:
        event = EVENT.validate_json(content)
    except ValueError:
        return f'"{user}"' in content
    sent = isinstance(event, Posted) and event.message.user == user
    return sent and float(event.item.ts) <= until


Event = Posted | Deleted | Reacted | Asked | Outdated
KINDS = tuple(
    str(one.model_fields["kind"].default) for one in (Posted, Deleted, Reacted, Asked, Outdated)
)
EVENT: TypeAdapter[Event] = TypeAdapter(
    Annotated[Event, Field(discriminator="kind")], config=ConfigDict(cache_strings="keys")
)
"""Reads an event from JSON; ValidationError (a ValueError) where it is none."""
