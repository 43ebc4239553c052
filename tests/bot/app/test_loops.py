"""Background loops survive failures and report them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.app import loops as module
from bot.app.loops import FAILURES_MAX, Loops
from bot.observe.metrics import Metrics
from bot.slack.errors import GatewayError, GatewayPacedError, GatewayUnavailableError
from bot.tasks import each, watched
from storage.errors import StorageUnavailableError
from tests.sandbox.running import eventually


@pytest.fixture
async def loops(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Loops]:
    monkeypatch.setattr(module, "_PAUSE_S", 0.001)
    made = Loops(Metrics())
    yield made
    await made.close()


class Steps:
    """A step that raises these errors in turn and repeats the last one."""

    def __init__(self, *raises: BaseException | None) -> None:
        self.raises = list(raises)
        self.taken = 0

    async def __call__(self) -> None:
        self.taken += 1
        found = self.raises[0] if len(self.raises) == 1 else self.raises.pop(0)
        if found is not None:
            raise found


def count(loops: Loops, name: str, kind: str) -> float:
    found = loops.metrics.registry.get_sample_value(
        "triage_loop_errors_total", {"loop": name, "kind": kind}
    )
    return found or 0.0


async def test_a_hung_step_is_reported_cancelled_and_retried(loops: Loops) -> None:
    over, taken = asyncio.Event(), 0

    async def step() -> None:
        nonlocal taken
        taken += 1
        await over.wait()

    loops.start("one", step, 0.001, 0.05)
    loops.start("two", Steps(None), 0.001, 0.05)
    await eventually(lambda: loops.failing == ("one",) and taken > 1)
    assert count(loops, "one", "failure") >= 1
    over.set()
    await eventually(lambda: loops.failing == ())


async def test_a_step_that_swallows_its_cancellation_is_reported(loops: Loops) -> None:
    over = asyncio.Event()

    async def step() -> None:
        while not over.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await over.wait()

    loops.start("one", step, 0.001, 0.05)
    await eventually(lambda: loops.failing == ("one",))
    over.set()
    await eventually(lambda: loops.failing == ())


async def test_a_timeout_inside_of_a_step_is_an_outage(loops: Loops) -> None:
    steps = Steps(TimeoutError(), None)
    loops.start("one", steps, 0.001, 5)
    await eventually(lambda: steps.taken > 2)
    assert (count(loops, "one", "outage"), count(loops, "one", "failure")) == (1, 0)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a row of another version"),
        ExceptionGroup("two jobs", [KeyError("x"), TypeError("y")]),
        asyncio.CancelledError(),
    ],
)
async def test_a_failure_is_counted_and_the_loop_continues(
    loops: Loops, error: BaseException
) -> None:
    steps = Steps(error, None)
    loops.start("one", steps, 0.001)
    await eventually(lambda: steps.taken > 3)
    assert count(loops, "one", "failure") == 1
    assert loops.failing == ()


async def test_repeated_failure_is_reported_until_a_step_succeeds(loops: Loops) -> None:
    steps = Steps(ValueError())
    loops.start("one", steps, 0.001)
    await eventually(lambda: steps.taken >= FAILURES_MAX)
    await eventually(lambda: loops.failing == ("one",))
    exposed = loops.metrics.exposition().decode()
    assert 'triage_loop_failing{loop="one"} 1.0' in exposed
    steps.raises = [None]
    await eventually(lambda: loops.failing == ())
    assert 'triage_loop_failing{loop="one"} 0.0' in loops.metrics.exposition().decode()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StorageUnavailableError(), "outage"),
        (GatewayUnavailableError("500"), "outage"),
        (GatewayPacedError("asked to wait", 1.0), "pacing"),
        (ExceptionGroup("", [GatewayPacedError("asked", 1.0), TimeoutError()]), "outage"),
        (ExceptionGroup("", [TimeoutError(), StorageUnavailableError()]), "outage"),
        (GatewayError("missing_scope"), "refusal"),
    ],
)
async def test_errors_that_no_restart_fixes_leave_the_loop_healthy(
    loops: Loops, error: Exception, kind: str
) -> None:
    steps = Steps(error)
    loops.start("one", steps, 0.001)
    await eventually(lambda: count(loops, "one", kind) > FAILURES_MAX)
    assert loops.failing == ()
    assert count(loops, "one", "failure") == 0


async def test_a_loop_stops_even_if_its_step_swallows_the_cancellation(loops: Loops) -> None:
    begun = asyncio.Event()

    async def step() -> None:
        begun.set()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return

    loops.start("one", step, 0)
    await begun.wait()
    await asyncio.wait_for(loops.stop("one"), 5)
    assert loops.failing == ()


async def test_a_task_that_ended_from_outside_is_failing(loops: Loops) -> None:
    loops.start("one", Steps(None), 60)
    [task] = [one for one in asyncio.all_tasks() if one.get_name() == "one"]
    task.cancel()
    await eventually(lambda: loops.failing == ("one",))


async def test_a_bad_item_does_not_block_others() -> None:
    seen = []

    async def step(item: int) -> None:
        if item == 1:
            raise ValueError
        seen.append(item)

    with pytest.raises(ExceptionGroup) as raised:
        await each([0, 1, 2], step)
    assert seen == [0, 2]
    assert [type(one) for one in raised.value.exceptions] == [ValueError]


async def test_a_failed_task_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    task = watched("odd job", Steps(ValueError("x"))())
    await asyncio.wait([task])
    await asyncio.sleep(0)
    out, err = capfd.readouterr()
    assert "task.failed" in out + err
    assert "odd job" in out + err
