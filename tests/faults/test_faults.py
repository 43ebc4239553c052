"""A quick part of the faults; `make faults` does them all and prints the table."""

import time
from pathlib import Path

import pytest

from storage import keys
from tests.faults.faults import QUICK, SCENARIOS, SLOW
from tests.faults.proxy import proxied
from tests.faults.rig import rig
from tests.faults.suffering import suffer
from tests.sandbox.running import eventually
from tests.stories.conftest import TEAM


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(one, marks=pytest.mark.slow) for one in SLOW)]
)
async def test_nothing_is_lost_or_duplicated(tmp_path: Path, name: str) -> None:
    scenario = SCENARIOS[name]
    async with scenario.rig(tmp_path) as made:
        outcome = await suffer(made, name, scenario, seconds=3, per_second=8)
    assert outcome.broken == ()
    assert outcome.messages.sent > 10


@pytest.mark.timeout(120)
async def test_entries_of_a_dead_worker_are_redelivered_within_ten_seconds(tmp_path: Path) -> None:
    async with rig(tmp_path, ("intake",)) as made, proxied(*made.to_slack.target) as calls:
        assert made.valkey is not None
        redis = made.valkey.client
        made.environment = {"SLACK_API_URL": f"http://127.0.0.1:{calls.port}/api/"}
        await made.start("worker0")
        await made.write("BILLING")
        await eventually(lambda: not made.unanswered(), 60)
        calls.flowing.clear()  # the worker holds what it takes, and waits for Slack
        for _ in range(8):
            await made.write("ACCOUNT")
        await eventually(lambda: redis.zcard(keys.taken(TEAM)) == 8, 30)
        made.environment = {}
        await made.start("worker1")
        await eventually(lambda: redis.info("clients")["blocked_clients"] == 2, 60)
        made.processes["worker0"].kill()
        killed = time.monotonic()
        await eventually(lambda: not made.unanswered(), 30)
        assert 1 < time.monotonic() - killed < 10
