"""The only sender to Slack: each call has a deadline, retries what may pass, says what cannot."""

from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from support_triage.bot.cards import EVENT_TYPE, Card

_TIMEOUT_S = 10
_GONE = {"message_not_found", "no_reaction", "already_reacted", "channel_not_found", "is_archived"}
_PASSING = {
    "ratelimited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
}

log = structlog.get_logger()


class GatewayError(Exception):
    """Slack refused a call for good: the message names the call, Slack's word, and what to do."""


class GatewayUnavailableError(GatewayError):
    """Slack did not answer or asked to wait: try again later."""


def web_client(token: str, base_url: str) -> AsyncWebClient:
    """A client with a deadline per call, that waits where Slack asks for it."""
    return AsyncWebClient(
        token=token,
        base_url=base_url,
        timeout=_TIMEOUT_S,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(max_retry_count=1),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ],
    )


_ADVICE = {
    "missing_scope": "install the app again with the scopes of manifest.yml",
    "not_in_channel": "invite the bot to the channel",
    "invalid_name": "the emoji does not exist in this workspace: change it in triage.toml",
    "invalid_auth": "check SLACK_BOT_TOKEN",
}


class Gateway:
    """What the bot does in Slack, in the words of the bot."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        # A post that failed on the wire may have arrived: it is looked for, never sent again.
        self._once = AsyncWebClient(
            token=client.token, base_url=client.base_url, timeout=_TIMEOUT_S, retry_handlers=[]
        )

    async def _call(self, what: str, call: Awaitable[Any], *, gone_is_done: bool = True) -> Any:
        try:
            return await call
        except SlackApiError as error:
            answer: Any = error.response
            word = str(answer.get("error", "")) if hasattr(answer, "get") else ""
            status = getattr(answer, "status_code", 200)
            if word in _GONE and gone_is_done:
                return None
            if word in _PASSING or status == 429 or status >= 500:  # noqa: PLR2004 - HTTP
                raise GatewayUnavailableError(f"{what}: Slack answered {word or status}") from None
            advice = _ADVICE.get(word, "see `triage doctor`")
            raise GatewayError(f"{what}: Slack answered {word}: {advice}") from None
        except (OSError, TimeoutError) as error:
            raise GatewayUnavailableError(f"{what}: {type(error).__name__}") from None

    async def add_emoji(self, channel: str, ts: str, emoji: str) -> None:
        """Put an emoji on a message; done already or no message left is fine."""
        call = self._client.reactions_add(channel=channel, timestamp=ts, name=emoji)
        await self._call(f"reactions.add {emoji}", call)

    async def remove_emoji(self, channel: str, ts: str, emoji: str) -> None:
        """Take our emoji off a message; not there is fine."""
        call = self._client.reactions_remove(channel=channel, timestamp=ts, name=emoji)
        await self._call(f"reactions.remove {emoji}", call)

    async def post(self, card: Card) -> str:
        """Post a card; its ts."""
        call = self._once.chat_postMessage(
            channel=card.channel,
            blocks=list(card.blocks),
            text=card.text,
            metadata=card.metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        answer = await self._call("chat.postMessage", call, gone_is_done=False)
        return str(answer["ts"])

    async def update(self, card: Card, ts: str) -> None:
        """Change a card in place; one that is gone stays gone."""
        call = self._client.chat_update(
            channel=card.channel,
            ts=ts,
            blocks=list(card.blocks),
            text=card.text,
            metadata=card.metadata,
        )
        await self._call("chat.update", call)

    async def delete(self, channel: str, ts: str) -> None:
        """Take a card down; gone already is fine."""
        await self._call("chat.delete", self._client.chat_delete(channel=channel, ts=ts))

    async def find_card(self, channel: str, message: str, since: str) -> str | None:
        """The ts of our card about `message`, posted after the message itself; None if none."""
        cursor = ""
        while True:
            call = self._client.conversations_history(
                channel=channel, oldest=since, include_all_metadata=True, limit=200, cursor=cursor
            )
            page = await self._call("conversations.history", call)
            if page is None:
                return None
            for one in page["messages"]:
                data = one.get("metadata") or {}
                about = (data.get("event_payload") or {}).get("message")
                if data.get("event_type") == EVENT_TYPE and about == message:
                    return str(one["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message, "" where Slack has none."""
        call = self._client.chat_getPermalink(channel=channel, message_ts=ts)
        answer = await self._call("chat.getPermalink", call)
        return "" if answer is None else str(answer["permalink"])

    async def send_files(self, user: str, files: Sequence[Path], comment: str) -> None:
        """Send files to a person in a direct message; slack_sdk holds them in memory meanwhile."""
        uploads = [{"file": str(path), "filename": path.name} for path in files]
        await self._send(user, uploads, comment)

    async def send_picture(self, user: str, name: str, content: bytes, comment: str) -> None:
        """Send a PNG to a person in a direct message; `comment` is Slack mark-up."""
        await self._send(user, [{"content": content, "filename": name}], comment)

    async def _send(self, user: str, uploads: list[dict[str, Any]], comment: str) -> None:
        opened = await self._call(
            "conversations.open", self._client.conversations_open(users=user), gone_is_done=False
        )
        upload = self._client.files_upload_v2(
            channel=opened["channel"]["id"], file_uploads=uploads, initial_comment=comment
        )
        await self._call("files.upload", upload, gone_is_done=False)
