"""`python -m tests.faults [name…]`: every fault, as a table and as JSON; 1 if anything is lost."""

import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.faults import SCENARIOS
from tests.faults.outcome import Outcome, suffer

OUT = Path("faults.json")
COLUMNS = (
    "fault",
    "sent",
    "acked",
    "answered",
    "dead",
    "cards_most",
    "corrections",
    "lost",
    "twice",
    "recovered_s",
    "rss_mb",
    "files",
)


async def one(name: str, per_second: float) -> Outcome:
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        async with scenario.rig(Path(folder)) as made:
            return await suffer(
                made, name, scenario.fault, seconds=scenario.seconds, per_second=per_second
            )


def main() -> int:
    console = Console(width=160)
    table = Table(*COLUMNS)
    outcomes = []
    wanted = [name for name in SCENARIOS if not sys.argv[1:] or name in sys.argv[1:]]
    for name in wanted:
        outcome = asyncio.run(one(name, per_second=20))
        outcomes.append(outcome)
        table.add_row(*(str(getattr(outcome, column)) for column in COLUMNS))
        console.print(f"{name}: {'fine' if outcome.fine else outcome}", highlight=False)
    console.print(table)
    OUT.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1) + "\n")
    return 0 if all(outcome.fine for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
