"""Limits on requests before their signature is checked, over raw sockets."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.app.health import serve_until, web_server
from bot.app.http import signed
from bot.app.http_limits import BODY_MAX, HEAD_MAX, LimitedProtocol
from tests.sandbox.running import eventually
from tests.stories.test_process_story import free_port

HEAD = b"POST /take HTTP/1.1\r\nhost: x\r\n"
Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Served:
    port: int
    taken: list[int]
    gone: int = 0

    async def connect(self) -> Pipe:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, data: bytes) -> bytes:
        """Send data and return the answer until the server closes the connection."""
        reader, writer = await self.connect()
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    async def healthy(self) -> bool:
        answer = await self.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return answer.startswith(b"HTTP/1.1 200")


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    found = Served(free_port(), [])

    async def take(request: Request) -> Response:
        try:
            found.taken.append(len(await request.body()))
        except ClientDisconnect:
            found.gone += 1
        return PlainTextResponse("ok")

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    over = asyncio.Event()
    addresses = [Route("/take", take, methods=["POST"]), Route("/healthz", healthz)]
    server = web_server(addresses, found.port)
    serving = asyncio.create_task(serve_until(server, over))
    await eventually(lambda: server.started)
    yield found
    over.set()
    await asyncio.wait_for(serving, 20)


def chunked(size: int, piece: int = 50_000) -> bytes:
    whole = b"".join(b"%x\r\n%s\r\n" % (piece, b"a" * piece) for _ in range(size // piece))
    return HEAD + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n" + whole + b"0\r\n\r\n"


async def test_a_body_is_limited_with_and_without_a_length(served: Served) -> None:
    told = b"content-length: %d\r\nconnection: close\r\n\r\n"
    assert b" 413 " in await served.send(HEAD + told % (BODY_MAX + 1))
    assert b" 413 " in await served.send(HEAD + told % (10**18))
    assert b" 413 " in await served.send(chunked(BODY_MAX + 100_000))
    assert served.taken == []
    assert b" 200 " in await served.send(chunked(BODY_MAX))
    assert b" 200 " in await served.send(HEAD + told % BODY_MAX + b"a" * BODY_MAX)
    assert served.taken == [BODY_MAX, BODY_MAX]


async def test_an_endless_chunked_body_is_cut_off(served: Served) -> None:
    reader, writer = await served.connect()
    writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 100 * BODY_MAX and not reader.at_eof():
            writer.write(b"c350\r\n" + b"a" * 50_000 + b"\r\n")
            await writer.drain()
            sent += 50_000
            await asyncio.sleep(0)
    assert sent < 50 * BODY_MAX
    writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nhost: x\r\nbig: " + b"a" * 2 * HEAD_MAX + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + b"n: v\r\n" * HEAD_MAX + b"\r\n",
        b"GET /healthz?" + b"a" * 2 * HEAD_MAX + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\nbig: " + b"a" * 5_000_000,
        b"A" * 5_000_000,
        HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n" + b"n: v\r\n" * HEAD_MAX + b"\r\n",
    ],
    ids=["one header", "many headers", "address", "endless header", "endless method", "trailers"],
)
async def test_a_head_is_limited(served: Served, head: bytes) -> None:
    answer = await served.send(head)
    assert answer[:13] in {b"", b"HTTP/1.1 400 ", b"HTTP/1.1 431 "}
    assert served.taken == []
    assert await served.healthy()


async def test_a_usual_head_may_arrive_in_pieces(served: Served) -> None:
    head = HEAD + b"a: %s\r\ncontent-length: 3\r\nconnection: close\r\n\r\n" % (b"v" * 8_000)
    reader, writer = await served.connect()
    for start in range(0, len(head), 997):
        writer.write(head[start : start + 997])
        await writer.drain()
    writer.write(b"abc")
    assert b" 200 " in await reader.read()
    writer.close()


@pytest.mark.parametrize(
    "half",
    [b"", b"P", HEAD, HEAD + b"content-length: 9\r\n\r\nabc", HEAD + b"content-length: 9\r\n\r\n",
     HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nab", b"GET /healthz HTTP/1.1\r\n\r"],
)  # fmt: skip
async def test_a_partial_request_is_closed_in_time(
    served: Served, half: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "request_s", 0.3)
    started = time.monotonic()
    await served.send(half)
    assert time.monotonic() - started < 5
    assert served.taken == []


async def test_a_trickle_of_bytes_does_not_extend_the_deadline(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "request_s", 0.5)
    reader, writer = await served.connect()
    writer.write(HEAD + b"content-length: 1000\r\n\r\n")
    reading = asyncio.create_task(reader.read())
    started = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while not reading.done() and time.monotonic() - started < 10:
            writer.write(b"a")
            await writer.drain()
            await asyncio.wait({reading}, timeout=0.05)
    assert time.monotonic() - started < 5
    with contextlib.suppress(ConnectionError):
        await reading
    assert served.taken == []
    await eventually(lambda: served.gone == 1)
    writer.close()


async def test_the_second_request_of_a_connection_has_a_deadline_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "request_s", 0.5)
    reader, writer = await served.connect()
    writer.write(HEAD + b"content-length: 1\r\n\r\na")
    assert b" 200 " in await reader.readuntil(b"ok")
    writer.write(HEAD + b"content-length: 5\r\n\r\na")
    started = time.monotonic()
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    assert time.monotonic() - started < 4
    assert served.taken == [1]
    writer.close()


async def test_a_partial_pipelined_request_has_a_deadline_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "request_s", 0.5)
    reader, writer = await served.connect()
    whole = HEAD + b"content-length: 1\r\n\r\na"
    writer.write(whole + HEAD + b"content-length: 5\r\n\r\na")
    assert b" 200 " in await reader.readuntil(b"ok")
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 4) == b""
    assert served.taken == [1]
    writer.close()


@pytest.mark.parametrize("signature", ["", "v0=", "v0=é", "v0=\udce9", "v0=00" * 1000])
@pytest.mark.parametrize("time", ["now", "", "-1", "nan", "١٢٣", "²", "9" * 5000])
def test_a_signature_of_any_characters_is_refused(signature: str, time: str) -> None:
    stamp = str(int(datetime.now(UTC).timestamp())) if time == "now" else time
    given = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    assert not signed(SignatureVerifier("s" * 32), "{}", given)


@pytest.mark.parametrize("half", [b"", HEAD, HEAD + b"content-length: 9\r\n\r\nabc"])
async def test_a_flood_of_partial_requests_does_not_block_slack(
    served: Served, half: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "connections_max", 20)
    held: list[Pipe] = []
    for _ in range(100):
        pipe = await served.connect()
        held.append(pipe)
        pipe[1].write(half)
    ends = [asyncio.create_task(reader.read()) for reader, _ in held]
    assert await asyncio.wait_for(served.healthy(), 5)
    body = HEAD + b"content-length: 3\r\nconnection: close\r\n\r\nabc"
    assert b" 200 " in await asyncio.wait_for(served.send(body), 5)
    await eventually(lambda: sum(one.done() for one in ends) >= 80)
    assert sum(not one.done() for one in ends) <= 20
    for _, writer in held:
        writer.close()
    await asyncio.gather(*ends, return_exceptions=True)


async def test_idle_connections_are_closed_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "connections_max", 5)
    held = []
    for _ in range(10):
        reader, writer = await served.connect()
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"ok")
        held.append(writer)
    assert await served.healthy()
    for writer in held:
        writer.close()
