"""Slack's Web API client, whose answers hold only well-formed text."""

from typing import Any

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from classifiers.text import all_well_formed

_OK = 200  # HTTP


class SlackClient(AsyncWebClient):
    """slack_sdk's client; half an emoji in an answer would break later storing or sending."""

    async def api_call(self, *given: Any, **named: Any) -> AsyncSlackResponse:
        """Call a method of the Web API and mend the texts of its answer."""
        answer = await super().api_call(*given, **named)
        if isinstance(answer.data, dict):
            answer.data = all_well_formed(answer.data)
        return answer

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file and return its id; raise ConnectionError if Slack does not take it."""
        begun = await self.files_getUploadURLExternal(filename=name, length=len(content))
        sent = await self._upload_file(
            url=begun["upload_url"],
            data=content,
            logger=self._logger,
            timeout=self.timeout,
            proxy=self.proxy,
            ssl=self.ssl,
        )
        if sent.status != _OK:
            raise ConnectionError(f"upload: HTTP {sent.status}")
        return str(begun["file_id"])


_TIMEOUT_S = 10
_KEPT_S = 5.0  # less than Slack keeps a connection that nothing is said on


def web_session() -> ClientSession:
    """Connections to Slack that the next call finds open: slack_sdk alone opens one for each."""
    return ClientSession(
        timeout=ClientTimeout(total=_TIMEOUT_S),
        connector=TCPConnector(keepalive_timeout=_KEPT_S),
        cookie_jar=DummyCookieJar(),
    )


def web_client(token: str, base_url: str, session: ClientSession | None = None) -> AsyncWebClient:
    """A client with a deadline per call, that waits where Slack asks for it."""
    return SlackClient(
        token=token,
        base_url=base_url,
        timeout=_TIMEOUT_S,
        session=session,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(max_retry_count=1),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ],
    )
