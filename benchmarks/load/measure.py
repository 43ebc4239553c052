"""The measurements: a steady rate, the highest ack rate, a backlog, one message at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from benchmarks.load.slack import Slack

Send = Callable[[dict[str, Any]], Awaitable[bool]]
Figures = dict[str, Any]


def percentiles(seconds: list[float]) -> Figures:
    """Return p50, p90, p99 and the maximum, in milliseconds."""
    if not seconds:
        return {}
    points = np.percentile(np.array(seconds) * 1000, [50, 90, 99, 100]).round(1).tolist()
    return dict(zip(("p50_ms", "p90_ms", "p99_ms", "max_ms"), points, strict=True))


async def _sent(slack: Slack, send: Send, number: int, due: float) -> str | None:
    """Send a message; return its ts if it was acknowledged, else None."""
    ts, payload = slack.event(number, due)
    if not await send(payload):
        return None
    slack.messages[ts].acked = time.perf_counter()
    return ts


def _acks(slack: Slack, sent: list[str | None]) -> list[float]:
    acknowledged = [slack.messages[ts] for ts in sent if ts]
    return [message.acked - message.due for message in acknowledged]


async def steady(slack: Slack, send: Send, per_s: float, seconds: float) -> Figures:
    """Send `per_s` messages per second whatever the answers (open loop).

    Latencies count from the time when a message was due.
    """
    start = time.perf_counter()
    tasks = []
    for number in range(int(per_s * seconds)):
        due = start + number / per_s
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(_sent(slack, send, number, due)))
    sent = list(await asyncio.gather(*tasks))
    return {
        "per_s": per_s,
        "sent": len(sent),
        "refused": sent.count(None),
        "ack": percentiles(_acks(slack, sent)),
    }


async def fastest(slack: Slack, send: Send, count: int, at_once: int = 32) -> Figures:
    """Send from `at_once` senders, each after its last message was acknowledged (closed loop)."""
    numbers = iter(range(count))
    sent: list[str | None] = []

    async def sender() -> None:
        for number in numbers:
            done = await _sent(slack, send, number, time.perf_counter())
            sent.append(done)

    start = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(at_once)))
    took = time.perf_counter() - start
    return {
        "acks_per_s": round(count / took, 1),
        "refused": sent.count(None),
        "ack": percentiles(_acks(slack, sent)),
    }


async def labelled(slack: Slack, count: int, seconds: float) -> None:
    """Wait until `count` messages have a label."""
    async with asyncio.timeout(seconds):
        while slack.labels < count:
            slack.labelled.clear()
            await slack.labelled.wait()


def label_times(slack: Slack) -> Figures:
    """Return percentiles of the time from sending to label, over all labelled messages."""
    messages = [message for message in slack.messages.values() if message.labelled]
    return percentiles([message.labelled - message.due for message in messages])


async def one_by_one(slack: Slack, send: Send, count: int) -> Figures:
    """Send each message to an idle bot: 50 ms after the last message was labelled."""
    slack.messages.clear()
    slack.labels = 0
    for number in range(count):
        await _sent(slack, send, number, time.perf_counter())
        await labelled(slack, number + 1, 30)
        await asyncio.sleep(0.05)
    return {"messages": count, "to_label": label_times(slack)}
