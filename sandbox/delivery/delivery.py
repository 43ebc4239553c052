"""Delivery of events to the app with Slack's retries, and a record of each attempt."""

import asyncio
import logging
import time
from collections.abc import Callable
from uuid import uuid4

from sandbox.delivery.transport import DeliveryAttempt, NotAckedError, Transport
from sandbox.wire import Json
from sandbox.workspace import seed

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = (0.0, 60.0, 300.0)


class Delivery:
    """Sends each event until it is acknowledged or out of retries.

    `records` has an entry per event: its id, type and message, its attempts (each with milliseconds
    until the answer, and the reason of a failure) and `acked`. `outer` returns for a channel the
    fields about workspaces in the requests of its events.
    """

    def __init__(
        self, transport: Transport, retry_scale: float, outer: Callable[[str], Json]
    ) -> None:
        self.transport = transport
        self._outer = outer
        self.records: list[Json] = []
        self._events: dict[str, tuple[Json, Json]] = {}
        self._retry_scale = retry_scale
        self._running: set[asyncio.Task[None]] = set()

    def event(self, event: Json, changes: Json | None = None) -> str:
        """Start to deliver an event; return its new event id.

        `changes` override fields of the surrounding request.
        """
        event_id = f"Ev{uuid4().hex[:9].upper()}"
        self._events[event_id] = event, changes or {}
        item = event.get("item") or event
        around = self._outer(str(item.get("channel"))) | (changes or {})
        record: Json = {
            "event_id": event_id,
            "type": event["type"],
            "subtype": event.get("subtype"),
            "channel": item.get("channel"),
            "ts": item.get("ts"),
            "attempts": [],
            "acked": False,
            "given_up": False,
        }
        self.records.append(record)
        task = asyncio.create_task(self._deliver(envelope(event, event_id) | around, record))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return event_id

    def redeliver(self, event_id: str) -> str | None:
        """Deliver a past event again; return its new event id, or None for an unknown event."""
        past = self._events.get(event_id)
        return None if past is None else self.event(*past)

    async def request(self, kind: str, payload: Json) -> Json:
        """Send a command or interaction once; return the ack's payload.

        Raise NotAckedError if the app does not answer in time: Slack does not retry these.
        """
        return await self.transport.send(kind, payload, DeliveryAttempt())

    async def close(self) -> None:
        """Stop every retry and close the transport."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.transport.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("an event was not delivered", exc_info=error)

    async def _deliver(self, payload: Json, record: Json) -> None:
        attempt = DeliveryAttempt()
        for wait in (*RETRY_AFTER_SECONDS, None):
            failure = await self._try(payload, attempt, record)
            if failure is None:
                record["acked"] = True
                return
            if failure.final or wait is None:
                break
            await asyncio.sleep(wait * self._retry_scale)
            attempt = DeliveryAttempt(attempt.number + 1, failure.reason)
        record["given_up"] = True

    async def _try(
        self, payload: Json, attempt: DeliveryAttempt, record: Json
    ) -> NotAckedError | None:
        started = time.monotonic()
        entry: Json = {"at": time.time(), "number": attempt.number, "reason": attempt.reason}
        record["attempts"].append(entry)
        try:
            await self.transport.send("events_api", payload, attempt)
        except NotAckedError as failure:
            entry["error"] = failure.reason
            return failure
        finally:
            entry["latency_ms"] = round((time.monotonic() - started) * 1000, 1)
        return None


def envelope(event: Json, event_id: str) -> Json:
    """Return the `event_callback` around an event of the first company."""
    installed = {
        "enterprise_id": None,
        "team_id": seed.TEAM_ID,
        "user_id": seed.BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "sandbox-verification-token",
        "team_id": seed.TEAM_ID,
        "context_team_id": seed.TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": seed.APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(time.time()),
        "authorizations": [installed],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }
