"""Signed HTTP: events reach the app as POST requests to its URL."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import httpx2

from sandbox.config import SandboxConfig
from sandbox.delivery.transport import DeliveryAttempt, NotAckedError
from sandbox.wire import Json


def signature(secret: str, timestamp: str, body: str) -> str:
    """Return Slack's `v0` signature of the timestamp and the raw body."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class SignedHttp:
    """POSTs to `event_url`, signed with the app's secret."""

    def __init__(self, config: SandboxConfig) -> None:
        self._url = config.event_url or ""
        self._secret = config.signing_secret
        self._client = httpx2.AsyncClient(timeout=config.ack_seconds)

    async def send(self, kind: str, payload: Json, attempt: DeliveryAttempt) -> Json:
        """POST once; raise NotAckedError for anything but a 2xx in time."""
        body, content_type = _encode(kind, payload)
        headers = self._headers(body, content_type, attempt)
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except httpx2.TimeoutException as error:
            raise NotAckedError("http_timeout") from error
        except httpx2.TransportError as error:
            raise NotAckedError("connection_failed") from error
        if not answer.is_success:
            raise NotAckedError("http_error", final=answer.headers.get("x-slack-no-retry") == "1")
        return _decode(answer)

    async def close(self) -> None:
        """Close the connections to the app."""
        await self._client.aclose()

    def _headers(self, body: str, content_type: str, attempt: DeliveryAttempt) -> dict[str, str]:
        timestamp = str(int(time.time()))
        headers = {
            "content-type": content_type,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature(self._secret, timestamp, body),
        }
        if attempt.number:
            headers["x-slack-retry-num"] = str(attempt.number)
            headers["x-slack-retry-reason"] = attempt.reason
        return headers


def _encode(kind: str, payload: Json) -> tuple[str, str]:
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def _decode(answer: httpx2.Response) -> Json:
    if not answer.content:
        return {}
    if answer.headers.get("content-type", "").startswith("application/json"):
        decoded = answer.json()
        return decoded if isinstance(decoded, dict) else {}
    return {"text": answer.text}
