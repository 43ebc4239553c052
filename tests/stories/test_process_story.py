"""`triage run` as a process of its own: over HTTP, and killed in the middle of its work."""

import asyncio
import hashlib
import hmac
import json
import logging
import os
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr

from bot.app.bot import open_bot
from bot.app.health import Health
from bot.app.http import serve_http
from bot.config.config import Config
from sandbox.config import SandboxConfig
from storage.inbox.inbox import Inbox
from storage.server.protocol import Client
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import SUPPORT, TEAM, settings_of

TICKET = "My invoice shows the wrong amount"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def triage_run(
    sandbox: RunningSandbox, redis_url: str, *arguments: str, stderr: int | None = None
) -> AsyncIterator[Process]:
    environment = os.environ | {
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_APP_TOKEN": sandbox.app_token,
        "SLACK_SIGNING_SECRET": sandbox.signing_secret,
        "SLACK_API_URL": sandbox.api_url,
        "REDIS_URL": redis_url,
    }
    code = "from bot.cli.main import main; main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, "run", *arguments, env=environment, stderr=stderr
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def cards(sandbox: RunningSandbox) -> list[str]:
    """The message each card is about."""
    found = (await sandbox.control.state())["messages"]
    return [
        one["metadata"]["event_payload"]["message"]
        for messages in found.values()
        for one in messages
        if one.get("metadata")
    ]


async def test_signed_http_is_answered_and_forged_http_refused(
    redis: Client, valkey_url: str
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    config = SandboxConfig(event_url=f"{address}/slack/events", retry_scale=0.01)
    async with (
        running_sandbox(config) as sandbox,
        triage_run(sandbox, valkey_url, "--port", str(port)) as process,
        httpx2.AsyncClient(base_url=address) as client,
    ):

        async def up() -> bool:
            try:
                return (await client.get("/healthz")).status_code == 200
            except httpx2.TransportError:
                return False

        await eventually(up, 90)
        ts = await sandbox.control.post("U0CLEO", SUPPORT, TICKET)

        async def carded() -> bool:
            return await cards(sandbox) == [f"{SUPPORT}:{ts}"]

        await eventually(carded)
        event = {"type": "event_callback", "team_id": "TSANDBOX1", "event": {"type": "message"}}
        forged = {"x-slack-signature": "v0=00", "x-slack-request-timestamp": "1"}
        assert (await client.post("/slack/events", json=event)).status_code == 401
        assert (await client.post("/slack/events", json=event, headers=forged)).status_code == 401
        junk = await client.post("/slack/events", content=b"\xff\xfe\x00")
        assert junk.status_code == 400
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0
    assert await Inbox(redis).depth(TEAM) == 0


async def test_killed_in_the_middle_nothing_is_lost_and_nothing_twice(
    redis: Client, valkey_url: str
) -> None:
    async with running_sandbox(SandboxConfig(retry_scale=0.01)) as sandbox:
        sockets = sandbox.server.sandbox.sockets
        sent = []
        async with triage_run(sandbox, valkey_url) as process:
            await eventually(lambda: sockets.connections, 90)
            for number in range(12):
                text = f"{TICKET}, number {number}"
                sent.append(await sandbox.control.post("U0CLEO", SUPPORT, text))
            await eventually(lambda: cards(sandbox), 20)
            process.kill()
            await process.wait()
        assert 0 < len(await cards(sandbox)) < 12
        started = len(await sandbox.control.calls("apps.connections.open"))
        async with triage_run(sandbox, valkey_url):

            async def connected() -> bool:
                return len(await sandbox.control.calls("apps.connections.open")) > started

            await eventually(connected, 90)

            async def all_answered() -> bool:
                return len(set(await cards(sandbox))) == 12

            await eventually(all_answered, 60)

            async def nothing_left() -> bool:
                return bool(await Inbox(redis).depth(TEAM) == 0)

            await eventually(nothing_left, 30)
        assert sorted(await cards(sandbox)) == sorted(f"{SUPPORT}:{ts}" for ts in sent)
        assert await Inbox(redis).dead(TEAM) == 0


@pytest.mark.parametrize("over", ["http", "socket mode"])
async def test_every_line_of_a_process_that_is_ended_is_json(
    redis: Client, valkey_url: str, over: str
) -> None:
    port = free_port()
    arguments = ["--port", str(port)] if over == "http" else []
    at = f"http://127.0.0.1:{port}/slack/events" if over == "http" else ""
    async with (
        running_sandbox(SandboxConfig(event_url=at, retry_scale=0.01)) as sandbox,
        triage_run(sandbox, valkey_url, *arguments, stderr=asyncio.subprocess.PIPE) as process,
    ):
        assert process.stderr is not None
        lines = [await asyncio.wait_for(process.stderr.readline(), 90)]
        while b"bot.listening" not in lines[-1]:
            lines.append(await asyncio.wait_for(process.stderr.readline(), 90))
        ts = await sandbox.control.post("U0CLEO", SUPPORT, TICKET)

        async def carded() -> bool:
            return await cards(sandbox) == [f"{SUPPORT}:{ts}"]

        await eventually(carded, 30)
        process.terminate()
        lines += (await asyncio.wait_for(process.stderr.read(), 30)).splitlines()
        assert await process.wait() == 0
    said = [json.loads(line) for line in lines if line.strip()]
    assert [one for one in said if one["level"] in {"warning", "error"}] == []


def signature(secret: str, body: str) -> dict[str, str]:
    now = str(int(time.time()))
    found = hmac.new(secret.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": now, "x-slack-signature": f"v0={found}"}


async def test_what_comes_unsigned_is_not_logged_and_metrics_are_not_on_slacks_port(
    valkey_url: str, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    words = "kumquat pomelo"
    port = free_port()
    async with running_sandbox() as sandbox:
        secret = SecretStr(sandbox.signing_secret)
        settings = settings_of(sandbox, valkey_url, slack_signing_secret=secret)
        async with open_bot(settings, config) as bot:
            health = Health(bot)
            serving = asyncio.create_task(serve_http(settings, port, health))
            await eventually(lambda: health.connected())  # noqa: PLW0108 - it is replaced
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                for body in (f'{{"text": "{words}"', f"payload={words}", f"[{words}]", words):
                    answer = await client.post("/slack/events", content=body)
                    assert answer.status_code == 401
                    assert words not in answer.text
                    headers = signature(sandbox.signing_secret, body)
                    await client.post("/slack/events", content=body, headers=headers)
                await client.post(f"/{words}", content=words)
                assert (await client.get("/metrics")).status_code == 404
                assert (await client.get("/healthz")).status_code == 200
            health.stop.set()
            await serving
    assert words not in caplog.text
