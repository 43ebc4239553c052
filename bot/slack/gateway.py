"""The only sender to Slack: each call has its turn and a deadline, and says what may pass."""

import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.card import Author, Card
from bot.slack.client import _TIMEOUT_S, SlackClient
from bot.slack.errors import (
    FAILURES,
    GatewayPacedError,
    GatewayUnavailableError,
    said,
    sorted_error,
)
from bot.slack.pacing import Pacing

_PATIENCE_S = 1.0  # longer waits are the inbox's: an event that waits there holds no place
_REPORT_PATIENCE_S = 60.0
_PAGE = 200
_GONE = {
    "reactions.add": {"message_not_found", "already_reacted"},
    "reactions.remove": {"message_not_found", "no_reaction"},
    "chat.update": {"message_not_found", "channel_not_found"},
    "chat.delete": {"message_not_found", "channel_not_found"},
}
"""What says that there is nothing left to do."""


class Gateway:
    """What the bot does in Slack, in the words of the bot."""

    def __init__(self, client: AsyncWebClient, pacing: Pacing) -> None:
        # Nothing is sent again from here: a wait is the inbox's, and a post that failed on the
        # wire may have arrived, so that it is looked for first.
        slack = SlackClient(
            token=client.token,
            base_url=client.base_url,
            timeout=_TIMEOUT_S,
            session=client.session,
            retry_handlers=[],
        )
        self._client: AsyncWebClient = slack
        self._upload = slack.upload
        self._pacing = pacing
        self._ahead_s = 0.0
        self._who: tuple[str, Author] | None = None

    async def ready(
        self,
        method: str,
        channel: str = "",
        *,
        urgent: bool = True,
        patience_s: float | None = None,
    ) -> None:
        """Wait for a turn at a method; GatewayPacedError where that takes too long."""
        patience = patience_s or (_PATIENCE_S if urgent else _REPORT_PATIENCE_S)
        wait = await self._pacing.turn(method, channel, patience, urgent=urgent)
        if wait:
            raise GatewayPacedError(f"{method}: Slack's limit is reached", wait)

    async def _call(self, method: str, channel: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """What Slack answers, None where there is nothing left to do."""
        try:
            answer = await call()
        except FAILURES as error:
            if said(error)[0] in _GONE.get(method, ()):
                return None
            found = sorted_error(method, error)
            if isinstance(found, GatewayUnavailableError) and found.after_s is not None:
                await self._pacing.hold_off(method, channel, found.after_s)
            raise found from None
        self._ahead_s = _ahead_s(answer, self._ahead_s)
        return answer

    async def add_emoji(self, channel: str, ts: str, emoji: str) -> None:
        """Put an emoji on a message; done already or no message left is fine."""
        await self.ready("reactions.add")
        call = lambda: self._client.reactions_add(channel=channel, timestamp=ts, name=emoji)  # noqa: E731
        await self._call("reactions.add", channel, call)

    async def remove_emoji(self, channel: str, ts: str, emoji: str) -> None:
        """Take our emoji off a message; not there is fine."""
        await self.ready("reactions.remove")
        call = lambda: self._client.reactions_remove(channel=channel, timestamp=ts, name=emoji)  # noqa: E731
        await self._call("reactions.remove", channel, call)

    async def post(self, card: Card) -> str:
        """Post a card, whose turn was waited for; its ts."""

        async def call() -> Any:
            return await self._client.chat_postMessage(
                channel=card.channel,
                blocks=list(card.blocks),
                text=card.text,
                metadata=card.metadata,
                unfurl_links=False,
                unfurl_media=False,
            )

        answer = await self._call("chat.postMessage", card.channel, call)
        return str(answer["ts"])

    async def update(self, card: Card, ts: str) -> None:
        """Change a card in place; one that is gone stays gone."""
        await self.ready("chat.update")

        async def call() -> Any:
            return await self._client.chat_update(
                channel=card.channel,
                ts=ts,
                blocks=list(card.blocks),
                text=card.text,
                metadata=card.metadata,
            )

        await self._call("chat.update", card.channel, call)

    async def delete(self, channel: str, ts: str, *, urgent: bool = True) -> None:
        """Take a card down; gone already is fine."""
        await self.ready("chat.delete", urgent=urgent)
        await self._call(
            "chat.delete", channel, lambda: self._client.chat_delete(channel=channel, ts=ts)
        )

    async def history(
        self,
        channel: str,
        since: str,
        cursor: str = "",
        *,
        until: str = "",
        urgent: bool = True,
        patience_s: float | None = None,
    ) -> tuple[list[dict[str, Any]], str]:
        """A page of a channel's messages after a time, newest first, and the next page's cursor.

        With `until` the page is of messages before that one: a place that lasts, as no cursor does.
        """
        await self.ready("conversations.history", urgent=urgent, patience_s=patience_s)

        async def call() -> Any:
            return await self._client.conversations_history(
                channel=channel,
                oldest=since,
                latest=until or None,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor,
            )

        page = await self._call("conversations.history", channel, call)
        following = (page.get("response_metadata") or {}).get("next_cursor") or ""
        return list(page["messages"]), str(following)

    @property
    def slack_time(self) -> float:
        """The Unix time by Slack's clock, as its newest answer said; by ours before the first."""
        return time.time() - self._ahead_s

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message that is no reply, made from the workspace's own."""
        home, _ = await self._whoami()
        return f"{home}/archives/{channel}/p{ts.replace('.', '')}"

    async def author(self) -> Author:
        """The app as the author of what it posts."""
        return (await self._whoami())[1]

    async def _whoami(self) -> tuple[str, Author]:
        if self._who is None:
            answer = await self._call("auth.test", "", self._client.auth_test)
            author = Author(str(answer["user_id"]), str(answer.get("bot_id") or ""))
            self._who = str(answer["url"]).rstrip("/"), author
        return self._who

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file, which nobody sees before it is shared; return its id."""
        await self.ready("files.upload", urgent=False)
        found = await self._call(
            "files.upload", "", lambda: self._upload(name=name, content=content)
        )
        return str(found)

    async def share(self, user: str, uploads: Mapping[str, str], comment: str) -> None:
        """Share uploads, by id and name, in a direct message; Slack takes each of them once."""
        channel = await self.direct(user)
        await self.ready("files.upload", urgent=False)
        files: list[dict[str, str | None]] = [
            {"id": one, "title": name} for one, name in uploads.items()
        ]
        await self._call(
            "files.completeUploadExternal",
            channel,
            lambda: self._client.files_completeUploadExternal(
                files=files, channel_id=channel, initial_comment=comment
            ),
        )

    async def tell(self, place: str, text: str) -> None:
        """Write Slack mark-up into a channel, or to a person in a direct message."""
        channel = await self.direct(place) if place.startswith(("U", "W")) else place
        await self.ready("chat.postMessage", channel, urgent=False)

        async def call() -> Any:
            return await self._client.chat_postMessage(
                channel=channel, text=text, unfurl_links=False
            )

        await self._call("chat.postMessage", channel, call)

    async def direct(self, user: str) -> str:
        """The channel of direct messages with a person."""
        await self.ready("conversations.open", urgent=False)
        opened = await self._call(
            "conversations.open", "", lambda: self._client.conversations_open(users=user)
        )
        return str(opened["channel"]["id"])


def _ahead_s(answer: Any, known: float) -> float:
    """Return how far our clock is ahead of the server's that gave an answer; `known` if unsaid."""
    try:
        said_at = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (AttributeError, KeyError, TypeError, ValueError):
        return known
    return time.time() - said_at
