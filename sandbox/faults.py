"""Faults on demand: a method that answers an error, a 429 or a 500, so many times."""

from dataclasses import dataclass


@dataclass
class Fault:
    """What a method answers instead.

    `answer` is `429`, `500` (any 5xx) or an error's name; `ok` for none. With `performed` the call
    takes effect first and only its answer is lost, as when a connection breaks. With `delay` it
    arrives so many seconds late, whether or not the caller still waits.
    """

    method: str
    answer: str
    times: int = 1
    retry_after: int = 1
    performed: bool = False
    delay: float = 0.0


class Faults:
    """The faults that are still to come, oldest first."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Ask for a fault."""
        self.pending.append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets, if any."""
        for fault in self.pending:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None
