"""`python -m tests.faults [name…]`: every fault, as a table and as JSON.

It ends with 1 if a bound was broken, and names it in the line of the fault and at the end; with 2
if no fault has a name that was given.
"""

import asyncio
import json
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path

from tests.faults.faults import SCENARIOS
from tests.faults.outcome import Outcome
from tests.faults.suffering import suffer

OUT = Path("faults.json")


def tell(*said: str) -> None:
    """Write at once, for whoever watches or reads a file of it."""
    sys.stdout.write("\n".join([*said, ""]))
    sys.stdout.flush()


async def one(name: str, per_second: float) -> Outcome:
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        async with scenario.rig(Path(folder)) as made:
            return await suffer(
                made, name, scenario, seconds=scenario.seconds, per_second=per_second
            )


def stopped(error: Exception) -> str:
    """Return what a fault that did not come to its end waited for or asserted, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    at = [one for one in frames if Path(one.filename).parent == Path(__file__).parent][-1]
    first, *_ = str(error).splitlines() or [""]
    said = f"{type(error).__name__} {first}".strip()
    return f"not finished: {said} at {Path(at.filename).name}:{at.lineno}, {at.line}"


def markdown(outcomes: list[Outcome]) -> str:
    """Return the table as it is in docs/faults.md."""
    rows = [outcome.row for outcome in outcomes]
    if not rows:
        return ""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(outcomes: list[Outcome], unfinished: dict[str, str]) -> str:
    """Return how many faults were fine, and a line for each bound that was broken."""
    broken = [(one.fault, bound) for one in outcomes for bound in one.broken]
    broken += unfinished.items()
    count = len({fault for fault, _ in broken})
    whole = len(outcomes) + len(unfinished)
    if not broken:
        return f"{whole} faults, all bounds held"
    told = [f"  {fault}: {bound}" for fault, bound in broken]
    return "\n".join([f"{whole} faults, {count} of them broke a bound:", *told])


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        tell(f"no such fault: {', '.join(unknown)}; known: {', '.join(SCENARIOS)}")
        return 2
    outcomes: list[Outcome] = []
    unfinished: dict[str, str] = {}
    for name in names or SCENARIOS:
        try:
            outcome = asyncio.run(one(name, per_second=20))
        except Exception as error:  # noqa: BLE001 - told here, and the others have their turn
            unfinished[name] = stopped(error)
            tell(f"{name}: BROKEN: {unfinished[name]}")
        else:
            outcomes.append(outcome)
            said = "fine" if outcome.fine else f"BROKEN: {'; '.join(outcome.broken)}"
            tell(f"{name}: {said}")
    OUT.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1) + "\n")
    tell("", markdown(outcomes), "", summary(outcomes, unfinished))
    return 1 if unfinished or not all(outcome.fine for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
