"""A client of Slack's Web API whose answers contain only well-formed text."""

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
    """The client of slack_sdk with lone surrogates replaced, which Redis and Slack refuse."""

    async def api_call(self, *given: Any, **named: Any) -> AsyncSlackResponse:
        """Call a method of the Web API and return its answer with well-formed texts."""
        answer = await super().api_call(*given, **named)
        if isinstance(answer.data, dict):
            answer.data = all_well_formed(answer.data)
        return answer

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file and return its id; raise ConnectionError if Slack refuses it."""
        target = await self.files_getUploadURLExternal(filename=name, length=len(content))
        sent = await self._upload_file(
            url=target["upload_url"],
            data=content,
            logger=self._logger,
            timeout=self.timeout,
            proxy=self.proxy,
            ssl=self.ssl,
        )
        if sent.status != _OK:
            raise ConnectionError(f"upload: HTTP {sent.status}")
        return str(target["file_id"])


TIMEOUT_S = 10
_KEPT_S = 5.0  # shorter than Slack keeps an idle connection open


def web_session() -> ClientSession:
    """Return a session that reuses connections; slack_sdk opens a new one for each call."""
    return ClientSession(
        timeout=ClientTimeout(total=TIMEOUT_S),
        connector=TCPConnector(keepalive_timeout=_KEPT_S),
        cookie_jar=DummyCookieJar(),
    )


def web_client(token: str, base_url: str, session: ClientSession | None = None) -> AsyncWebClient:
    """Return a client with a deadline per call that waits if Slack asks for it."""
    return SlackClient(
        token=token,
        base_url=base_url,
        timeout=TIMEOUT_S,
        session=session,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(max_retry_count=1),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ],
    )
