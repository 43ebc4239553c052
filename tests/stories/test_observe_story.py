"""What a running bot says of itself: figures and health, and never what somebody wrote."""

import asyncio

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from bot.app import loops
from bot.app.health import routes
from bot.app.services import backfill_of
from bot.config.config import Config
from bot.tasks import end
from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, Story

CANARY = "kumquat"


def figures(exposition: str) -> dict[str, float]:
    """Samples by name and labels, such as `triage_events_acked_total{kind=posted}`."""
    found = {}
    for family in text_string_to_metric_families(exposition):
        for one in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return found


async def test_what_happens_is_counted_and_no_text_is_in_logs_or_metrics(
    story: Story, capfd: pytest.CaptureFixture[str]
) -> None:
    ts = await story.write(f"My invoice about the {CANARY} shows the wrong amount")
    await story.shows(ts, "moneybag", BILLING)
    await story.people.react("U0ADA", "C0SUPPORT", ts, "wrench")
    await story.shows(ts, "wrench", "C0TECHNICAL")
    await story.people.edit("C0SUPPORT", ts, f"My {CANARY} invoice is wrong")
    await story.people.delete("C0SUPPORT", ts)
    await story.quiet()
    await story.command(f"nonsense {CANARY}")
    await story.quiet()  # a command is answered first and done with after that
    app = Starlette(routes=routes(story.health))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://bot"
    ) as client:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        seen = figures(answer.text)
        assert seen["triage_events_acked_total{kind=posted}"] == 2
        assert seen["triage_events_received_total{kind=reacted}"] == 1
        assert seen["triage_events_answered_total{kind=deleted}"] == 1
        assert seen["triage_messages_labelled_total{label=BILLING}"] == 1
        assert seen["triage_corrections_total{act=correction}"] == 1
        assert seen["triage_label_seconds_count"] == 1
        assert seen["triage_queue_depth{team=TSANDBOX1}"] == 0
        assert seen[f"triage_model_info{{classifier={story.bot.classifier.version}}}"] == 1
        assert seen["triage_ready{part=redis}"] == seen["triage_ready{part=slack}"] == 1
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/healthz")).text == "ok"
        story.health.stop.set()
        draining = await client.get("/readyz")
        assert (draining.status_code, draining.json()["taking"]) == (503, False)
    out, err = capfd.readouterr()
    assert "message.classified" in out + err
    assert CANARY not in out + err + answer.text


async def test_a_message_that_backfill_reads_again_is_counted_once(
    story: Story, config: Config
) -> None:
    ts = await story.write("My invoice shows the wrong amount")
    await story.shows(ts, "moneybag", BILLING)
    assert await backfill_of(story.bot.services, config).run(since=0.0) == 0
    seen = figures(story.bot.services.metrics.exposition().decode())
    assert seen["triage_events_received_total{kind=posted}"] == 1
    assert seen["triage_events_acked_total{kind=posted}"] == 1


async def test_without_redis_it_is_not_ready_and_says_so(story: Story) -> None:
    await story.redis.config_set("maxclients", 1)
    try:
        await story.redis.client_kill_filter(_type="normal", skipme=True)

        async def unready() -> bool:
            return (await story.health.ready())["redis"] is False

        await eventually(unready)
    finally:
        await story.redis.config_set("maxclients", 10_000)

    async def ready() -> bool:
        return all((await story.health.ready()).values())

    await eventually(ready)


async def test_a_worker_that_ended_is_said(story: Story) -> None:
    [working] = [one for one in asyncio.all_tasks() if one.get_name() == "worker"]
    assert "worker" not in story.health.failing
    await end(working)
    assert "worker" in story.health.failing
    assert (await story.health.ready())["worker"] is False


async def test_a_loop_that_fails_again_and_again_is_named_and_the_others_go_on(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "_PAUSE_S", 0.001)
    broken = ["a stored row of another version"]

    async def look(*_: object) -> None:
        if broken:
            raise ValueError(broken[0])

    story.bot.services.loops.start("drift watch", look, 0.001)
    app = Starlette(routes=routes(story.health))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://bot"
    ) as client:

        async def said(status: int) -> bool:
            return (await client.get("/healthz")).status_code == status

        await eventually(lambda: said(503))
        assert (await client.get("/healthz")).text == "failing: drift watch"
        assert (await client.get("/readyz")).json()["worker"] is True
        ts = await story.write("My invoice shows the wrong amount")
        await story.shows(ts, "moneybag", BILLING)
        broken.clear()
        await eventually(lambda: said(200))
