"""Background loops that survive failures and report them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.observe.metrics import Metrics
from bot.slack.errors import RETRYABLE, GatewayError, GatewayPacedError
from bot.tasks import HungError, end

FAILURES_MAX = 5
"""Consecutive failures after which `/healthz` reports a loop as failing."""

STEP_S = 300.0
"""Seconds after which a step counts as hung; each call in a step has a shorter deadline."""

_PAUSE_S = 0.5  # after an outage or a first failure; doubles with each further failure
_PAUSE_MAX_S = 30.0  # a loop that fails for hours still retries and logs twice a minute

Step = Callable[[], Awaitable[object]]
log = structlog.get_logger()


@dataclass
class _Loop:
    """The state of one loop.

    `failures` counts consecutive failures that a restart may repair, `refusals` all consecutive
    failures except outages. `began` is the monotonic time at which the current step started, or
    infinity between two steps. `waits` is True after a failed step.
    """

    name: str
    step: Step
    every_s: float
    within_s: float = STEP_S
    began: float = float("inf")
    failures: int = 0
    refusals: int = 0
    waits: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def failing(self) -> bool:
        """Return True if the loop failed too often in a row, hangs or has ended."""
        hangs = time.monotonic() - self.began > self.within_s
        ended = self.task is None or self.task.done()
        return self.failures >= FAILURES_MAX or hangs or ended

    @property
    def pause_s(self) -> float:
        """Return the seconds until the next step."""
        if not self.refusals:
            return max(self.every_s, _PAUSE_S if self.waits else 0.0)
        return max(self.every_s, min(_PAUSE_S * 2.0 ** min(self.refusals - 1, 20), _PAUSE_MAX_S))


@dataclass
class Loops:
    """Run steps repeatedly until closed.

    A failed step is logged with its traceback, counted, and retried after a pause that doubles.
    After FAILURES_MAX in a row the loop is failing until a step succeeds. A refusal by Slack
    (GatewayError) and an outage (RETRYABLE) are logged, counted and retried too, but the loop stays
    healthy, as a restart would not end them. A hung step is cancelled and retried; its loop is
    failing until a step succeeds.
    """

    metrics: Metrics
    _loops: dict[str, _Loop] = field(default_factory=dict)

    def start(self, name: str, step: Step, every_s: float, within_s: float = STEP_S) -> None:
        """Run a step every `every_s` seconds; the name must be unique in the process.

        A step that takes longer than `within_s` seconds counts as hung.
        """
        loop = self._loops[name] = _Loop(name, step, every_s, within_s)
        loop.task = asyncio.create_task(self._run(loop), name=name)
        self._note(loop)

    @property
    def failing(self) -> tuple[str, ...]:
        """Return the names of the loops that are failing."""
        return tuple(loop.name for loop in self._loops.values() if loop.failing)

    async def stop(self, *names: str) -> None:
        """Stop the loops of these names."""
        for name in names:
            loop = self._loops.pop(name, None)
            if loop is not None and loop.task is not None:
                await end(loop.task)

    async def close(self) -> None:
        """Stop all loops, the newest first."""
        await self.stop(*reversed(self._loops))

    async def _run(self, loop: _Loop) -> None:
        me = asyncio.current_task()
        assert me is not None
        while not me.cancelling():  # a library may have swallowed the cancellation
            error = await self._step(loop, me)
            if error is None:
                loop.failures = loop.refusals = 0
                loop.waits = False
            else:
                self._count(loop, error)
            self._note(loop)
            await asyncio.sleep(loop.pause_s)

    async def _step(self, loop: _Loop, me: asyncio.Task[None]) -> BaseException | None:
        loop.began = time.monotonic()
        try:
            async with asyncio.timeout(loop.within_s) as limit:
                await loop.step()
        except TimeoutError as error:
            return (
                HungError(f"not finished after {loop.within_s:g} s") if limit.expired() else error
            )
        except asyncio.CancelledError as error:
            if me.cancelling():
                raise
            return error  # something that the step awaited was cancelled
        except Exception as error:  # noqa: BLE001 - a loop survives every error
            return error
        finally:
            loop.began = float("inf")
        return None

    def _count(self, loop: _Loop, error: BaseException) -> None:
        kind = _kind(error)
        self.metrics.loop_errors.labels(loop.name, kind).inc()
        loop.waits = True
        loop.refusals += kind in {"failure", "refusal"}
        loop.failures += kind == "failure"
        if isinstance(error, HungError):  # a single hung step is enough
            loop.failures = max(loop.failures, FAILURES_MAX)
        if kind == "failure":
            log.error("loop.failed", loop=loop.name, failures=loop.failures, exc_info=error)
        elif kind == "refusal":
            log.error("loop.refused", loop=loop.name, problem=str(error))
        elif kind == "pacing":
            log.info("loop.paced", loop=loop.name)
        else:
            log.warning("loop.waits", loop=loop.name, error=type(error).__name__)

    def _note(self, loop: _Loop) -> None:
        self.metrics.loop_failing.labels(loop.name).set(loop.failing)


def _kind(error: BaseException) -> str:
    """Return `pacing`, `outage`, `refusal` or `failure`; for a group of errors, the worst."""
    if isinstance(error, BaseExceptionGroup):
        kinds = set(map(_kind, error.exceptions))
        return next(kind for kind in ("failure", "refusal", "outage", "pacing") if kind in kinds)
    if isinstance(error, GatewayPacedError):
        return "pacing"
    if isinstance(error, RETRYABLE):
        return "outage"
    return "refusal" if isinstance(error, GatewayError) else "failure"
