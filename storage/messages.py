"""A message from Slack, as stored."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value that is stored as JSON.

    Pydantic may cache the strings of the JSON that it reads. Our values hardly ever repeat, so only
    the names of fields are cached.
    """

    model_config = ConfigDict(frozen=True, cache_strings="keys")


class MessageId(Frozen):
    """The identity of a message in Slack."""

    team: str
    channel: str
    ts: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.ts}"


class Message(Frozen):
    """A support message as plain text; `edited` is the time of its last edit, "" if none.

    `files` are the names of its files: people see them on the card, and nothing learns from them.
    """

    id: MessageId
    user: str
    text: str
    edited: str = ""
    files: tuple[str, ...] = ()
