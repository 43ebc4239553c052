"""Slack's errors are classified: retry temporary ones, and say how to fix refusals."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import (
    ADVICE,
    FAILURES,
    RETRYABLE_CODES,
    GatewayError,
    GatewayPacedError,
    GatewayUnavailableError,
    classified_error,
)
from tests.sandbox.running import RunningSandbox, running_sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as started:
        yield started


async def error_of(url: str, token: str) -> GatewayError:
    """Return the classified error of a call without retries."""
    client = AsyncWebClient(token=token, base_url=url, timeout=2, retry_handlers=[])
    try:
        await client.api_call("usergroups.list")
    except FAILURES as error:
        return classified_error("usergroups.list", error)
    raise AssertionError("the call succeeded")


async def faulty(sandbox: RunningSandbox, answer: str | int, **more: int) -> GatewayError:
    await sandbox.control.faults("usergroups.list", answer, **more)
    return await error_of(sandbox.api_url, sandbox.bot_token)


async def test_a_refusal_says_what_to_do(sandbox: RunningSandbox) -> None:
    for word, advice in ADVICE.items():
        found = await faulty(sandbox, word)
        assert type(found) is GatewayError
        assert found.code == word
        assert str(found) == f"usergroups.list: Slack answered {word}: {advice}"


async def test_a_temporary_error_is_unavailable(sandbox: RunningSandbox) -> None:
    for word in RETRYABLE_CODES:
        assert isinstance(await faulty(sandbox, word), GatewayUnavailableError)


async def test_an_unknown_error_code_is_a_refusal(sandbox: RunningSandbox) -> None:
    found = await faulty(sandbox, "new_word_of_slack")
    assert type(found) is GatewayError
    assert "triage doctor" in str(found)


async def test_limits_and_broken_servers_are_unavailable(sandbox: RunningSandbox) -> None:
    limited = await faulty(sandbox, 429, retry_after=7)
    assert isinstance(limited, GatewayPacedError)
    assert limited.after_s == 7
    for status in (500, 503):
        assert isinstance(await faulty(sandbox, status), GatewayUnavailableError)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 6\r\n\r\n{oops}",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
        b"",
    ],
)
async def test_an_invalid_answer_is_unavailable(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        found = await error_of(f"http://127.0.0.1:{port}/api/", "xoxb-x")
        assert isinstance(found, GatewayUnavailableError)


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [(b"7", 7), (b"9" * 11, 900), (b"1" * 400, 900), (b"Wed, 21 Oct 2026 07:28:00 GMT", 1),
     (b"-5", 1), (b"", 1), (b"\xb2", 1)],
)  # fmt: skip
async def test_a_requested_wait_is_bounded(header: bytes, wait_s: float) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 429 Wait\r\nretry-after: " + header)
        writer.write(b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        found = await error_of(f"http://127.0.0.1:{port}/api/", "xoxb-x")
        assert isinstance(found, GatewayUnavailableError)
        assert found.after_s == wait_s


async def test_a_refused_connection_is_unavailable() -> None:
    assert isinstance(await error_of("http://127.0.0.1:9/api/", "xoxb-x"), GatewayUnavailableError)
