"""A quick part of the faults; `make faults` does them all and prints the table."""

from pathlib import Path

import pytest

from tests.faults.faults import QUICK, SCENARIOS
from tests.faults.rig import suffer


@pytest.mark.timeout(150)
@pytest.mark.parametrize("name", QUICK)
async def test_nothing_is_lost_and_nothing_twice(tmp_path: Path, name: str) -> None:
    scenario = SCENARIOS[name]
    async with scenario.rig(tmp_path) as made:
        outcome = await suffer(made, name, scenario.fault, seconds=3, per_second=8)
    assert outcome.fine, outcome
    assert outcome.sent > 10
