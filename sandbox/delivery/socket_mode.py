"""Socket Mode: envelopes over websockets that the app opens, each acknowledged by its id."""

import asyncio
import json
import secrets
from collections.abc import Callable
from itertools import count
from uuid import uuid4

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.delivery.transport import DeliveryAttempt, NotAckedError
from sandbox.wire import Json
from sandbox.workspace.seed import APP_ID


class SocketMode:
    """The app's open connections; each envelope goes to one of them in turn.

    `on_change` is called when a connection opens or closes.
    """

    def __init__(self, ack_seconds: float, on_change: Callable[[], object]) -> None:
        self.connections: list[WebSocket] = []
        self._ack_seconds = ack_seconds
        self._on_change = on_change
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._turn = count()

    def ticket(self) -> str:
        """Return a secret that opens one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def endpoint(self, websocket: WebSocket) -> None:
        """Serve one connection until either side leaves."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(1008)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        await websocket.send_text(json.dumps(self._hello()))
        self.connections.append(websocket)
        self._on_change()
        try:
            while True:
                self._acked(await websocket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            if websocket in self.connections:
                self.connections.remove(websocket)
            self._on_change()

    async def send(self, kind: str, payload: Json, attempt: DeliveryAttempt) -> Json:
        """Send an envelope and wait for its ack; raise NotAckedError without an ack in time."""
        if not self.connections:
            raise NotAckedError("connection_failed")
        websocket = self.connections[next(self._turn) % len(self.connections)]
        envelope_id = str(uuid4())
        envelope: Json = {"envelope_id": envelope_id, "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
        ack = self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await websocket.send_text(json.dumps(envelope))
            return await asyncio.wait_for(ack, self._ack_seconds)
        except (TimeoutError, RuntimeError, WebSocketDisconnect) as error:
            raise NotAckedError("timeout") from error
        finally:
            del self._waiting[envelope_id]

    async def refresh(self) -> int:
        """Ask all clients to reconnect, as Slack does about hourly; return their number."""
        asked = list(self.connections)
        note = {"reason": "refresh_requested", "debug_info": {"host": "sandbox"}}
        self.connections.clear()
        for websocket in asked:
            await websocket.send_text(json.dumps({"type": "disconnect", **note}))
        return len(asked)

    async def close(self) -> None:
        """Close every connection."""
        for websocket in list(self.connections):
            await websocket.close(1001)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    def _acked(self, text: str) -> None:
        ack = json.loads(text)
        waiting = self._waiting.get(ack.get("envelope_id", ""))
        if waiting is not None and not waiting.done():
            waiting.set_result(ack.get("payload") or {})
