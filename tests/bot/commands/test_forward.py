"""Commands at the intake: stored for a worker, or refused if from another workspace."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import forward as forwarding
from bot.slack.origin import ELSEWHERE
from storage.inbox.inbox import Inbox
from storage.server.protocol import Client
from tests.sandbox.running import running_sandbox
from tests.stories.conftest import TEAM

COMMAND: dict[str, Any] = {
    "command": "/triage",
    "user_id": "U0ADA",
    "text": "status",
    "trigger_id": "1.2",
    "response_url": "http://127.0.0.1:9/",
    "channel_id": "C0SUPPORT",
}


@pytest.mark.parametrize(
    ("team", "said", "waiting"), [(TEAM, "", 1), ("TPARTNER1", ELSEWHERE, 0), (None, ELSEWHERE, 0)]
)
async def test_a_command_of_another_workspace_is_refused(
    redis: Client, team: str | None, said: str, waiting: int
) -> None:
    async with running_sandbox() as sandbox:
        client = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url)
        app = AsyncApp(client=client, request_verification_enabled=False)
        inbox = Inbox(redis)
        forwarding.register(app, inbox, TEAM)
        given = COMMAND if team is None else COMMAND | {"team_id": team}
        form: dict[str, str | Sequence[str]] = {"content-type": "application/x-www-form-urlencoded"}
        request = AsyncBoltRequest(body=urlencode(given), headers=form)
        answer = await app.async_dispatch(request)
    assert (answer.status, answer.body) == (200, said)
    assert await inbox.depth(TEAM) == waiting
    assert await inbox.depth("TPARTNER1") == 0
