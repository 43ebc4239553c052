"""Faults on demand: calls that answer an error, a 429 or a 5xx."""

from dataclasses import dataclass


@dataclass
class Fault:
    """A fault of the next `times` calls of a method.

    `answer` is `429`, any 5xx, the name of an error, or `ok` for no error. With `performed`, the
    call takes effect and only its answer is lost, as when a connection breaks. With `delay`, the
    call is executed that many seconds late, even if the caller has stopped waiting.
    """

    method: str
    answer: str
    times: int = 1
    retry_after: int = 1
    performed: bool = False
    delay: float = 0.0


class Faults:
    """The pending faults, oldest first."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        self.pending.append(fault)

    def take(self, method: str) -> Fault | None:
        """Return the fault of this call, or None, and count it."""
        for fault in self.pending:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None
