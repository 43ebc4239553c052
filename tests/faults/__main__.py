"""`python -m tests.faults [name…]`: run faults and write the results as a table and as JSON.

The exit status is 1 if a bound was broken, which the line of the fault and the summary name, and 2
if a name is unknown.
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


def report(*lines: str) -> None:
    """Print lines without buffering."""
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


async def one(name: str, per_second: float) -> Outcome:
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        async with scenario.open_rig(Path(folder)) as rig:
            return await suffer(
                rig, name, scenario, seconds=scenario.seconds, per_second=per_second
            )


def stopped(error: Exception) -> str:
    """Return the error of an unfinished fault and its place in the code."""
    frames = traceback.extract_tb(error.__traceback__)
    at = [frame for frame in frames if Path(frame.filename).parent == Path(__file__).parent][-1]
    first, *_ = str(error).splitlines() or [""]
    problem = f"{type(error).__name__} {first}".strip()
    return f"not finished: {problem} at {Path(at.filename).name}:{at.lineno}, {at.line}"


def markdown(outcomes: list[Outcome]) -> str:
    """Return the table for docs/faults.md."""
    rows = [outcome.row for outcome in outcomes]
    if not rows:
        return ""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(outcomes: list[Outcome], unfinished: dict[str, str]) -> str:
    """Return the number of faults, and a line for each broken bound."""
    broken = [(outcome.fault, bound) for outcome in outcomes for bound in outcome.broken]
    broken += unfinished.items()
    count = len({fault for fault, _ in broken})
    total = len(outcomes) + len(unfinished)
    if not broken:
        return f"{total} faults, all bounds held"
    lines = [f"  {fault}: {bound}" for fault, bound in broken]
    return "\n".join([f"{total} faults, {count} of them broke a bound:", *lines])


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        report(f"no such fault: {', '.join(unknown)}. Choose from {', '.join(SCENARIOS)}.")
        return 2
    outcomes: list[Outcome] = []
    unfinished: dict[str, str] = {}
    for name in names or SCENARIOS:
        try:
            outcome = asyncio.run(one(name, per_second=20))
        except Exception as error:  # noqa: BLE001 - reported here, and the other faults still run
            unfinished[name] = stopped(error)
            report(f"{name}: BROKEN: {unfinished[name]}")
        else:
            outcomes.append(outcome)
            verdict = "fine" if outcome.fine else f"BROKEN: {'; '.join(outcome.broken)}"
            report(f"{name}: {verdict}")
    OUT.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1) + "\n")
    report("", markdown(outcomes), "", summary(outcomes, unfinished))
    return 1 if unfinished or not all(outcome.fine for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
