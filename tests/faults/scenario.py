"""A fault, the rig it happens in, and for how long people write meanwhile."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.rig import Fault, Rig, rig


@dataclass(frozen=True)
class Scenario:
    """`seconds` of load, of which a fifth goes before the fault."""

    fault: Fault
    rig: Callable[[Path], AbstractAsyncContextManager[Rig]] = rig
    seconds: float = 10.0
