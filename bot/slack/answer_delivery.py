"""Send the answer to a command by `response_url`, or else as a direct message."""

from dataclasses import dataclass

import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.errors import FAILURES, GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.inbox.commands import Commands
from storage.inbox.events import Asked

_DEADLINE_S = 10
_TRIES = 5  # Slack accepts at most five answers by one response_url
_VALID_S = 30 * 60.0  # Slack accepts none after half an hour
_GIVE_UP_S = 2 * 3600.0
_OK, _TOO_MANY, _SERVER = 200, 429, 500  # HTTP

log = structlog.get_logger()


@dataclass(frozen=True)
class AnswerDelivery:
    """Deliver answers without running a command again, so that retries are safe."""

    commands: Commands
    gateway: Gateway

    async def tell(self, asked: Asked, text: str) -> None:
        """Send an answer; raise GatewayUnavailableError if a later retry may help.

        Send a direct message if `response_url` has expired, is used up or was refused. Give up
        two hours after the command.
        """
        try:
            if not await self._respond(asked, text):
                await self.gateway.tell(asked.user, text)
        except GatewayUnavailableError as error:
            if asked.waited_s < _GIVE_UP_S:
                raise
            log.warning("command.unheard", user=asked.user, problem=str(error))
        except GatewayError as error:
            log.warning("command.unheard", user=asked.user, problem=str(error))

    async def _respond(self, asked: Asked, text: str) -> bool:
        """Return True if `response_url` accepted the answer, False if it never will."""
        if asked.waited_s > _VALID_S or await self.commands.count_try(asked.item.ts) > _TRIES:
            return False
        client = AsyncWebhookClient(asked.response_url, timeout=_DEADLINE_S, retry_handlers=[])
        try:
            answer = await client.send(text=text, response_type="ephemeral")
        except FAILURES as error:
            raise GatewayUnavailableError(f"response_url: {type(error).__name__}") from None
        if answer.status_code == _TOO_MANY or answer.status_code >= _SERVER:
            raise GatewayUnavailableError(f"response_url: Slack answered {answer.status_code}")
        if answer.status_code != _OK:
            log.warning("command.address_refused", status=answer.status_code)
        return answer.status_code == _OK
