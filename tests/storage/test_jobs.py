"""Training jobs: one per training, and only the holder of the lease records a step."""

import asyncio

import pytest

from storage import keys
from storage.jobs import Job, Jobs, LeaseLostError, Stage, job_id
from storage.server.protocol import Client


def job(identity: str = "a1", created: float = 1.0) -> Job:
    return Job(
        id=identity,
        team="T1",
        backend="openai",
        base_model="m",
        snapshot="s",
        label_set="l",
        who="U1",
        created=created,
    )


def test_the_same_training_has_the_same_id() -> None:
    one = job_id("T1", "s", "l", "openai", "m")
    assert one == job_id("T1", "s", "l", "openai", "m")
    others = {
        job_id("T2", "s", "l", "openai", "m"),
        job_id("T1", "s2", "l", "openai", "m"),
        job_id("T1", "s", "l2", "openai", "m"),
        job_id("T1", "s", "l", "azure", "m"),
        job_id("T1", "s", "l", "openai", "m2"),
    }
    assert len(others | {one}) == 6


async def test_a_job_is_added_once(redis: Client) -> None:
    jobs = Jobs(redis)
    assert await jobs.add(job()) == job()
    assert (await jobs.add(job(created=2.0))).created == 1.0
    await jobs.add(job("b2", created=3.0))
    assert [one.id for one in await jobs.all("T1")] == ["b2", "a1"]


async def test_one_at_a_time_holds_the_lease(redis: Client) -> None:
    jobs = Jobs(redis)
    async with jobs.lease("T1", "a1") as first:
        assert first is not None
        async with jobs.lease("T1", "a1") as second:
            assert second is None
        async with jobs.lease("T1", "b2") as other:
            assert other is not None
    async with jobs.lease("T1", "a1") as again:
        assert again is not None
    assert await redis.exists(keys.job_lease("T1", "a1")) == 0


async def test_who_lost_the_lease_records_nothing(redis: Client) -> None:
    jobs = Jobs(redis)
    await jobs.add(job())
    async with jobs.lease("T1", "a1") as lease:
        assert lease is not None
        await redis.set(keys.job_lease("T1", "a1"), "somebody else")
        with pytest.raises(LeaseLostError):
            await jobs.put(job().model_copy(update={"stage": Stage.READY}), lease)
    found = await jobs.get("T1", "a1")
    assert found is not None
    assert found.stage is Stage.REQUESTED
    assert await redis.get(keys.job_lease("T1", "a1")) == "somebody else"


async def test_a_lease_outlives_its_time_while_its_holder_lives(redis: Client) -> None:
    jobs = Jobs(redis, lease_s=0.15)
    async with jobs.lease("T1", "a1") as lease:
        assert lease is not None
        before = await redis.pttl(keys.job_lease("T1", "a1"))
        async with asyncio.timeout(10):
            while (left := await redis.pttl(keys.job_lease("T1", "a1"))) <= before:
                assert left > 0
                before = left


async def test_a_cancellation_reaches_a_job_that_somebody_holds(redis: Client) -> None:
    jobs = Jobs(redis)
    await jobs.add(job())
    async with jobs.lease("T1", "a1") as lease:
        assert lease is not None
        await jobs.cancel("T1", "a1")
        await jobs.put(job(), lease)
        found = await jobs.get("T1", "a1")
        assert found is not None
        assert found.cancelling
        anew = await jobs.again(job(), lease)
        assert anew.attempt == 2
        assert anew.tag == "a1-2"
    found = await jobs.get("T1", "a1")
    assert found is not None
    assert not found.cancelling
