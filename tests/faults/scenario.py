"""A fault with its rig, load and final checks."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.rig import Fault, Rig, open_rig

Check = Callable[[Rig], Awaitable[list[str]]]
"""Return a problem for each broken bound."""


async def _no_check(_: Rig) -> list[str]:
    return []


@dataclass(frozen=True)
class Scenario:
    """A fault under `seconds` of load, of which a fifth comes before the fault.

    `dead` is the expected number of dead letters; `check` tests bounds specific to this fault.
    """

    fault: Fault
    open_rig: Callable[[Path], AbstractAsyncContextManager[Rig]] = open_rig
    seconds: float = 10.0
    dead: int = 0
    check: Check = _no_check
