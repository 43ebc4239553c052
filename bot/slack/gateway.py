"""The gateway for calls to Slack, with pacing, deadlines and classified errors."""

import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.card import Author, Card
from bot.slack.client import TIMEOUT_S, SlackClient
from bot.slack.errors import (
    FAILURES,
    GatewayPacedError,
    GatewayUnavailableError,
    answer_details,
    classified_error,
)
from bot.slack.pacing import Pacing

_PATIENCE_S = 1.0  # longer waits happen in the inbox, where an event occupies no slot
_REPORT_PATIENCE_S = 60.0
_PAGE = 200
_GONE = {
    "reactions.add": {"message_not_found", "already_reacted"},
    "reactions.remove": {"message_not_found", "no_reaction"},
    "chat.update": {"message_not_found", "channel_not_found"},
    "chat.delete": {"message_not_found", "channel_not_found"},
}
"""Slack's error codes by method if there is nothing left to do."""


class Gateway:
    """Everything that the bot does in Slack."""

    def __init__(self, client: AsyncWebClient, pacing: Pacing) -> None:
        # No retries here: the inbox retries later. A post that failed on the wire may have
        # arrived, so the retry looks for it first.
        slack = SlackClient(
            token=client.token,
            base_url=client.base_url,
            timeout=TIMEOUT_S,
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
        """Wait for a turn to call a method; raise GatewayPacedError if it exceeds `patience_s`."""
        patience = patience_s or (_PATIENCE_S if urgent else _REPORT_PATIENCE_S)
        wait = await self._pacing.turn(method, channel, patience, urgent=urgent)
        if wait:
            raise GatewayPacedError(f"{method}: Slack's rate limit is reached", wait)

    async def _call(self, method: str, channel: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Return Slack's answer, or None if there is nothing left to do."""
        try:
            answer = await call()
        except FAILURES as error:
            if answer_details(error)[0] in _GONE.get(method, ()):
                return None
            classified = classified_error(method, error)
            if isinstance(classified, GatewayUnavailableError) and classified.after_s is not None:
                await self._pacing.hold_off(method, channel, classified.after_s)
            raise classified from None
        self._ahead_s = _ahead_s(answer, self._ahead_s)
        return answer

    async def add_emoji(self, channel: str, ts: str, emoji: str) -> None:
        """Add an emoji to a message; no-op if it is there or the message is gone."""
        await self.ready("reactions.add")
        call = lambda: self._client.reactions_add(channel=channel, timestamp=ts, name=emoji)  # noqa: E731
        await self._call("reactions.add", channel, call)

    async def remove_emoji(self, channel: str, ts: str, emoji: str) -> None:
        """Remove our emoji from a message; no-op if it or the message is gone."""
        await self.ready("reactions.remove")
        call = lambda: self._client.reactions_remove(channel=channel, timestamp=ts, name=emoji)  # noqa: E731
        await self._call("reactions.remove", channel, call)

    async def post(self, card: Card) -> str:
        """Post a card and return its ts; call `ready` first."""

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
        """Update a card in place; no-op if it is gone."""
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
        """Delete a card; no-op if it is gone."""
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
        """Return a page of messages after a ts, newest first, and the cursor of the next page.

        `until` limits the page to messages before that ts, which stays valid longer than a cursor.
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
        """Return the Unix time by Slack's clock; by ours before the first answer."""
        return time.time() - self._ahead_s

    async def permalink(self, channel: str, ts: str) -> str:
        """Return the URL of a message that is not a reply."""
        home, _ = await self._whoami()
        return f"{home}/archives/{channel}/p{ts.replace('.', '')}"

    async def author(self) -> Author:
        """Return the app as an author of messages."""
        return (await self._whoami())[1]

    async def _whoami(self) -> tuple[str, Author]:
        if self._who is None:
            answer = await self._call("auth.test", "", self._client.auth_test)
            author = Author(str(answer["user_id"]), str(answer.get("bot_id") or ""))
            self._who = str(answer["url"]).rstrip("/"), author
        return self._who

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file and return its id; nobody sees it until it is shared."""
        await self.ready("files.upload", urgent=False)
        file_id = await self._call(
            "files.upload", "", lambda: self._upload(name=name, content=content)
        )
        return str(file_id)

    async def share(self, user: str, uploads: Mapping[str, str], comment: str) -> None:
        """Share uploads (id to name) in a direct message; Slack accepts each of them once."""
        channel = await self.direct(user)
        await self.ready("files.upload", urgent=False)
        files: list[dict[str, str | None]] = [
            {"id": file_id, "title": name} for file_id, name in uploads.items()
        ]
        await self._call(
            "files.completeUploadExternal",
            channel,
            lambda: self._client.files_completeUploadExternal(
                files=files, channel_id=channel, initial_comment=comment
            ),
        )

    async def tell(self, place: str, text: str) -> None:
        """Send mrkdwn to a channel, or to a person as a direct message."""
        channel = await self.direct(place) if place.startswith(("U", "W")) else place
        await self.ready("chat.postMessage", channel, urgent=False)

        async def call() -> Any:
            return await self._client.chat_postMessage(
                channel=channel, text=text, unfurl_links=False
            )

        await self._call("chat.postMessage", channel, call)

    async def direct(self, user: str) -> str:
        """Return the channel of direct messages with a person."""
        await self.ready("conversations.open", urgent=False)
        opened = await self._call(
            "conversations.open", "", lambda: self._client.conversations_open(users=user)
        )
        return str(opened["channel"]["id"])


def _ahead_s(answer: Any, known: float) -> float:
    """Return the seconds that our clock is ahead of Slack's; `known` if the answer has no date."""
    try:
        sent_at = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (AttributeError, KeyError, TypeError, ValueError):
        return known
    return time.time() - sent_at
