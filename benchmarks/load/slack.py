"""A minimal Slack, cheap enough to share two cores with the bot under load.

It sends signed HTTP requests or Socket Mode envelopes and answers the Web API. It only records when
a message was sent, acknowledged and labelled. The sandbox's code builds its envelopes.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from benchmarks.load.texts import text
from sandbox.delivery.delivery import envelope
from sandbox.delivery.signed_http import signature

SECRET = "load"  # noqa: S105 - valid in this benchmark only
CHANNELS = [f"C0LOAD{number}" for number in range(8)]
TEAM = "TSANDBOX1"
_CANNED = {
    "auth.test": {
        "team_id": TEAM,
        "team": "load",
        "user": "bot",
        "user_id": "UBOT",
        "bot_id": "B",
        "url": "https://load.slack.com/",
    },
    "conversations.list": {"channels": [{"id": id_, "name": id_.lower()} for id_ in CHANNELS]},
    "emoji.list": {"emoji": {}},
    "usergroups.list": {"usergroups": []},
    "usergroups.users.list": {"users": []},
    "users.info": {"user": {"profile": {"display_name": "Someone"}}},
    "chat.getPermalink": {"permalink": "https://load.slack.com/archives/C/p1"},
}
_BY_LOWER: dict[str, dict[str, Any]] = {name.lower(): answer for name, answer in _CANNED.items()}


@dataclass(slots=True)
class Seen:
    """The times of a message, in seconds of `time.perf_counter`; 0.0 means not yet."""

    due: float
    acked: float = 0.0
    labelled: float = 0.0


@dataclass
class Slack:
    """A workspace; `labelled` is set at the first reaction to each message."""

    messages: dict[str, Seen] = field(default_factory=dict)
    sockets: list[ServerConnection] = field(default_factory=list)
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    labels: int = 0
    calls: int = 0
    labelled: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    socket_port: int = 0
    _last_ts: int = 0
    _turn: int = 0

    def event(self, number: int, due: float) -> tuple[str, dict[str, Any]]:
        """Return the ts and the envelope of a new message."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        ts = f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"
        self.messages[ts] = Seen(due)
        message = {
            "type": "message",
            "user": f"U0CUSTOMER{number % 50}",
            "text": text(number),
            "team": TEAM,
            "client_msg_id": f"m{number}",
            "channel": CHANNELS[number % len(CHANNELS)],
            "channel_type": "channel",
            "ts": ts,
            "event_ts": ts,
        }
        return ts, envelope(message, f"Ev{self._last_ts}")

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the bot's Web API client."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].split("\r\n")[0] or 0)
                await reader.readexactly(length)
                path, _, query = head.split(" ", 2)[1].partition("?")
                method = path.rpartition("/")[2]
                found = json.dumps({"ok": True, **self._call(method, query)}).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"content-length: %d\r\n\r\n%b" % (len(found), found)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _call(self, method: str, query: str) -> dict[str, Any]:
        self.calls += 1
        match method:
            case "reactions.add":
                ts = parse_qs(query)["timestamp"][0]
                seen = self.messages.get(ts)  # None for a message of an earlier round
                if seen is not None and not seen.labelled:
                    seen.labelled = time.perf_counter()
                    self.labels += 1
                    self.labelled.set()
                return {}
            case "conversations.history":
                oldest = parse_qs(query).get("oldest", ["0"])[0]
                return {"messages": self._history(float(oldest))}
            case "chat.postmessage":
                return {"ts": f"{time.time():.6f}", "channel": CHANNELS[0]}
            case "apps.connections.open":
                return {"url": f"ws://127.0.0.1:{self.socket_port}/"}
            case _:
                return _BY_LOWER.get(method, {})

    def _history(self, oldest: float) -> list[dict[str, str]]:
        """Return the messages since a time, so that none is taken for deleted.

        The subtype keeps a backfill from queueing them a second time.
        """
        found = [ts for ts in self.messages if float(ts) >= oldest]
        return [{"type": "message", "subtype": "channel_join", "ts": ts} for ts in found]

    async def _socket(self, websocket: ServerConnection) -> None:
        """Serve one Socket Mode connection."""
        await websocket.send(json.dumps({"type": "hello", "num_connections": 1}))
        self.sockets.append(websocket)
        try:
            async for raw in _received(websocket):
                waiting = self.waiting.get(json.loads(raw).get("envelope_id", ""))
                if waiting is not None and not waiting.done():
                    waiting.set_result(None)
        finally:
            self.sockets.remove(websocket)

    async def send_socket(self, payload: dict[str, Any]) -> bool:
        """Send over the Socket Mode connections in turn; return True if acknowledged."""
        self._turn += 1
        envelope_id = payload["event_id"]
        waiting = self.waiting[envelope_id] = asyncio.get_running_loop().create_future()
        sent = {"envelope_id": envelope_id, "type": "events_api", "payload": payload}
        sent["accepts_response_payload"] = False
        try:
            await self.sockets[self._turn % len(self.sockets)].send(json.dumps(sent))
            await asyncio.wait_for(waiting, 3)
        except TimeoutError:
            return False
        finally:
            del self.waiting[envelope_id]
        return True

    async def run(self, ready: Callable[[], Awaitable[None]]) -> None:
        """Serve while `ready` runs."""
        web = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = web.sockets[0].getsockname()[1]
        async with web, serve(self._socket, "127.0.0.1", 0, compression=None) as sockets:
            self.socket_port = next(iter(sockets.sockets)).getsockname()[1]
            await ready()


async def _received(websocket: ServerConnection) -> AsyncIterator[str | bytes]:
    try:
        async for raw in websocket:
            yield raw
    except ConnectionClosedError:
        return


class HttpSender:
    """Keep-alive connections to the app; a closed connection is replaced."""

    def __init__(self, port: int, connections: int = 32) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._places = asyncio.Semaphore(connections)

    async def send(self, payload: dict[str, Any]) -> bool:
        """POST once, signed; return True for 200."""
        async with self._places:
            while self._free:
                connection = self._free.pop()
                try:
                    return await self._post(connection, payload)
                except (asyncio.IncompleteReadError, ConnectionError):
                    connection[1].close()  # the app closed it after an idle time
            return await self._post(await asyncio.open_connection("127.0.0.1", self._port), payload)

    async def _post(
        self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], payload: dict[str, Any]
    ) -> bool:
        reader, writer = connection
        body = json.dumps(payload)
        stamp = str(int(time.time()))
        writer.write(
            f"POST /slack/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"x-slack-request-timestamp: {stamp}\r\n"
            f"x-slack-signature: {signature(SECRET, stamp, body)}\r\n"
            f"content-length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        await reader.readexactly(length)
        self._free.append(connection)
        return head.startswith(b"HTTP/1.1 200")
