"""Fixtures: a running sandbox, Slack's client for it, and a bolt app on Socket Mode."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.config import SandboxConfig
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox

MakeSandbox = Callable[[SandboxConfig], Awaitable[RunningSandbox]]
Connect = Callable[[AsyncApp], Awaitable[AsyncSocketModeHandler]]


@pytest.fixture
async def make_sandbox() -> AsyncIterator[MakeSandbox]:
    """Yield a function that starts sandboxes, which end with the test."""
    async with AsyncExitStack() as stack:

        async def make(config: SandboxConfig) -> RunningSandbox:
            return await stack.enter_async_context(running_sandbox(config))

        yield make


@pytest.fixture
async def sandbox(make_sandbox: MakeSandbox) -> RunningSandbox:
    return await make_sandbox(SandboxConfig())


@pytest.fixture
def client(sandbox: RunningSandbox) -> AsyncWebClient:
    return AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url)


@pytest.fixture
def bolt(client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, process_before_response=True)


@pytest.fixture
async def connect(sandbox: RunningSandbox) -> AsyncIterator[Connect]:
    """Yield a function that connects a bolt app over Socket Mode until the test ends."""
    async with AsyncExitStack() as stack:

        async def start(app: AsyncApp) -> AsyncSocketModeHandler:
            handler = AsyncSocketModeHandler(app, sandbox.app_token)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            stack.push_async_callback(handler.close_async)
            await eventually(lambda: sandbox.server.sandbox.sockets.connections)
            return handler

        yield start
