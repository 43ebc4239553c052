"""The events of the inbox, as stored between the acknowledgement and the answer."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from storage.messages import Frozen, Message, MessageId


class _Happened(Frozen):
    """Fields that are set at the delivery of an event.

    `doubt`: records of cards shown since this Unix time may be lost; 0 if none are.
    `waited_s`: seconds since the event was received, 0 if under 0.2 s.
    """

    doubt: float = 0.0
    waited_s: float = 0.0


class Posted(_Happened):
    """A message was written, or edited when `message.edited` is set.

    `before` is the version that an edit replaced, if Slack sent it.
    """

    kind: Literal["posted"] = "posted"
    message: Message
    before: Message | None = None

    @property
    def item(self) -> MessageId:
        """Return the id of the message or card."""
        return self.message.id


class Deleted(_Happened):
    """A message was deleted."""

    kind: Literal["deleted"] = "deleted"
    id: MessageId

    @property
    def item(self) -> MessageId:
        """Return the id of the message or card."""
        return self.id


class Reacted(_Happened):
    """An emoji was added to or removed from a message or card; `at` is Slack's event time.

    `home` is the workspace of the person who reacted, "" if Slack does not send it.
    `received` is the Unix time of receipt by Redis's clock; 0 until delivery.
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
    """An admin's command that waits for a worker; `item` is a made-up id, not a message."""

    kind: Literal["asked"] = "asked"
    item: MessageId
    user: str
    text: str
    response_url: str


class Outdated(_Happened):
    """The card of a message may quote a removed example: show it again."""

    kind: Literal["outdated"] = "outdated"
    id: MessageId

    @property
    def item(self) -> MessageId:
        """Return the id of the message."""
        return self.id


def wrote(user: str, content: str, until: float) -> bool:
    """Return True if a stored event is a message that this person sent up to a Unix time.

    For an event that this version cannot read, return True if it names the person.
    """
    try:
        event = EVENT.validate_json(content)
    except ValueError:
        return f'"{user}"' in content
    sent = isinstance(event, Posted) and event.message.user == user
    return sent and float(event.item.ts) <= until


Event = Posted | Deleted | Reacted | Asked | Outdated
KINDS = tuple(
    str(event.model_fields["kind"].default) for event in (Posted, Deleted, Reacted, Asked, Outdated)
)
EVENT: TypeAdapter[Event] = TypeAdapter(
    Annotated[Event, Field(discriminator="kind")], config=ConfigDict(cache_strings="keys")
)
"""Parses an event from JSON; raises ValidationError (a ValueError) if it is invalid."""
