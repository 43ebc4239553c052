"""The measurements: steady rate, as fast as acks come, a backlog, one message at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from benchmarks.load.slack import Slack

Send = Callable[[dict[str, Any]], Awaitable[bool]]
Figures = dict[str, Any]


def percentiles(seconds: list[float]) -> Figures:
    """p50, p90, p99 and the longest, in milliseconds."""
    if not seconds:
        return {}
    points = np.percentile(np.array(seconds) * 1000, [50, 90, 99, 100]).round(1).tolist()
    return dict(zip(("p50_ms", "p90_ms", "p99_ms", "max_ms"), points, strict=True))


async def _sent(slack: Slack, send: Send, number: int, due: float) -> str | None:
    """Send one message; its ts when it was acknowledged."""
    ts, payload = slack.event(number, due)
    if not await send(payload):
        return None
    slack.messages[ts].acked = time.perf_counter()
    return ts


def _acks(slack: Slack, sent: list[str | None]) -> list[float]:
    kept = [slack.messages[ts] for ts in sent if ts]
    return [one.acked - one.due for one in kept]


async def steady(slack: Slack, send: Send, per_s: float, seconds: float) -> Figures:
    """Open loop: a message each 1/per_s, whatever the answers; times count from when it was due."""
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
    """Closed loop: `at_once` senders, each sends when its last message was acknowledged."""
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
    """Wait until `count` messages have their label."""
    async with asyncio.timeout(seconds):
        while slack.labels < count:
            slack.labelled.clear()
            await slack.labelled.wait()


def label_times(slack: Slack) -> Figures:
    """Time from a message's sending to its label, over all that have one."""
    found = [one.labelled - one.due for one in slack.messages.values() if one.labelled]
    return percentiles(found)


async def one_by_one(slack: Slack, send: Send, count: int) -> Figures:
    """One message on an idle bot, the next when it was labelled and a moment passed."""
    slack.messages.clear()
    slack.labels = 0
    for number in range(count):
        await _sent(slack, send, number, time.perf_counter())
        await labelled(slack, number + 1, 30)
        await asyncio.sleep(0.05)
    return {"messages": count, "to_label": label_times(slack)}
