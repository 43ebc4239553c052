"""All faults by name; those of killed and suspended processes are defined here."""

import asyncio
import random
import signal
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.faults import health_faults, llm_faults, redis_faults, slack_faults, work_faults
from tests.faults.rig import Rig, open_rig
from tests.faults.scenario import Scenario


async def _nothing(_: Rig) -> None:
    """Do nothing, as a baseline."""


async def _worker_killed(rig: Rig) -> None:
    for _ in range(2):
        await asyncio.sleep(random.random())  # noqa: S311 - not a secret
        await rig.kill("worker0")


async def _intake_killed(rig: Rig) -> None:
    await asyncio.sleep(random.random())  # noqa: S311
    await rig.kill("intake")


async def _worker_stopped(rig: Rig) -> None:
    rig.signal("worker0", signal.SIGSTOP)
    await asyncio.sleep(8)  # longer than its leases
    rig.signal("worker0", signal.SIGCONT)


def _two_workers(folder: Path) -> AbstractAsyncContextManager[Rig]:
    return open_rig(folder, ("intake", "worker0", "worker1"))


SCENARIOS: dict[str, Scenario] = {
    "none": Scenario(_nothing),
    "worker killed, twice": Scenario(_worker_killed),
    "worker killed, another lives": Scenario(_worker_killed, _two_workers),
    "worker stopped for 8 s (SIGSTOP)": Scenario(_worker_stopped, _two_workers),
    "intake killed": Scenario(_intake_killed),
    **work_faults.SCENARIOS,
    **health_faults.SCENARIOS,
    **redis_faults.SCENARIOS,
    **slack_faults.SCENARIOS,
    **llm_faults.SCENARIOS,
}
QUICK = ("worker killed, another lives", "Redis killed")
SLOW = ("LLM answers 429 for an hour",)
