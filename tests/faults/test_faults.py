"""A quick selection of faults; `make faults` runs all and prints the table."""

import time
from pathlib import Path

import pytest

from storage import keys
from tests.faults.faults import QUICK, SCENARIOS, SLOW
from tests.faults.proxy import proxied
from tests.faults.rig import open_rig
from tests.faults.suffering import suffer
from tests.sandbox.running import eventually
from tests.stories.conftest import TEAM


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
async def test_nothing_is_lost_or_duplicated(tmp_path: Path, name: str) -> None:
    scenario = SCENARIOS[name]
    async with scenario.open_rig(tmp_path) as rig:
        outcome = await suffer(rig, name, scenario, seconds=3, per_second=8)
    assert outcome.broken == ()
    assert outcome.messages.sent > 10


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_entries_of_a_dead_worker_are_redelivered_within_ten_seconds(tmp_path: Path) -> None:
    async with open_rig(tmp_path, ("intake",)) as rig, proxied(*rig.to_slack.target) as calls:
        assert rig.valkey is not None
        redis = rig.valkey.client
        rig.environment = {"SLACK_API_URL": f"http://127.0.0.1:{calls.port}/api/"}
        await rig.start("worker0")
        await rig.write("BILLING")
        await eventually(lambda: not rig.unanswered(), 60)
        calls.flowing.clear()  # the worker holds its entries and waits for Slack
        for _ in range(8):
            await rig.write("ACCOUNT")
        await eventually(lambda: redis.zcard(keys.taken(TEAM)) == 8, 30)
        rig.environment = {}
        await rig.start("worker1")
        await eventually(lambda: redis.info("clients")["blocked_clients"] == 2, 60)
        rig.processes["worker0"].kill()
        killed = time.monotonic()
        await eventually(lambda: not rig.unanswered(), 30)
        assert 1 < time.monotonic() - killed < 10
