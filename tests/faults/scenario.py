"""A fault, the rig it happens in, and what may be broken in the end."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.rig import Fault, Rig, rig

Check = Callable[[Rig], Awaitable[list[str]]]
"""Returns a sentence for each bound that was broken."""


async def _nothing_more(_: Rig) -> list[str]:
    return []


@dataclass(frozen=True)
class Scenario:
    """`seconds` of load, of which a fifth goes before the fault.

    So many messages may be `dead` in the end; `check` looks for what only this fault can break.
    """

    fault: Fault
    rig: Callable[[Path], AbstractAsyncContextManager[Rig]] = rig
    seconds: float = 10.0
    dead: int = 0
    check: Check = _nothing_more
