"""Jobs at a provider, from request to challenger, with every kind of failure."""

from collections import deque

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from classifiers.llm import prompt
from learning.finetune.plan import begin, plan
from learning.finetune.stages import PollPace
from learning.finetune.trainer import Trainer
from storage.examples.snapshots import Snapshot
from storage.jobs import Job, Stage
from storage.server.protocol import Client
from tests.learning.finetune.world import (
    LABELS,
    QUICK,
    TEAM,
    backend_of,
    snapshot,
    trainer_of,
    until,
)
from tests.learning.finetuning_server import (
    Dialect,
    Drop,
    Fault,
    FinetuningServer,
    failed,
    finetuning_server,
)

DIALECTS: list[Dialect] = ["openai", "azure", "nebius"]


async def begun(
    redis: Client, server: FinetuningServer, pace: PollPace = QUICK
) -> tuple[Trainer, Job, Snapshot]:
    backend = backend_of(server)
    trainer, shot = trainer_of(redis, backend, pace), snapshot()
    job = await begin(trainer, TEAM, await plan(trainer, TEAM, backend, shot, 3), "U1")
    return trainer, job, shot


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_job_ends_as_a_challenger_that_answers(redis: Client, dialect: Dialect) -> None:
    async with finetuning_server(dialect) as server:
        server.script = deque(["validating_files", "queued", "running", "paused"])
        trainer, job, shot = await begun(redis, server)
        seen: list[str] = []
        while not job.ended:
            job = await trainer.advance(job)
            seen += [job.status] if job.status not in seen[-1:] else []
        assert seen[-5:] == ["validating_files", "queued", "running", "paused", "succeeded"]
        assert (job.stage, job.problem) == (Stage.READY, "")
        assert job.trained_tokens == 123_456
        [model] = await trainer.models.challengers(TEAM, LABELS.version)
        assert (model.id, model.name, model.snapshot) == (job.model, job.serving, shot.id)
        assert (len(server.files), len(server.jobs)) == (1, 1)
        assert server.probes == 1


async def test_the_file_and_the_probe_have_the_prompt_of_inference(redis: Client) -> None:
    async with finetuning_server() as server:
        trainer, job, shot = await begun(redis, server)
        await until(trainer, job)
        [probe] = server.sent("POST chat")
        first = shot.train[0]
        assert probe["messages"] == prompt.messages(LABELS, (), first.text)
        assert "jane@example.com" not in str(probe)
        [created] = server.sent("POST jobs")
        assert created["metadata"]["triage_job"] == job.tag
        assert job.tag in created["suffix"]


async def test_the_cost_is_estimated_first_and_known_at_the_end(redis: Client) -> None:
    async with finetuning_server() as server:
        trainer, job, _ = await begun(redis, server)
        assert job.estimated_usd == pytest.approx(job.estimated_tokens * 3 * 5.0 / 1e6)
        done = await until(trainer, job)
        assert done.cost_usd == pytest.approx(123_456 * 5.0 / 1e6)
        assert done.events == ("Job is succeeded; mail <EMAIL_1>",)


async def test_a_failed_job_has_the_providers_reason(redis: Client) -> None:
    async with finetuning_server() as server:
        server.ends = "failed"
        server.error = {"code": "invalid_n_epochs", "message": "Too many epochs", "param": None}
        trainer, job, _ = await begun(redis, server)
        done = await until(trainer, job)
        assert done.stage is Stage.FAILED
        assert "Too many epochs (invalid_n_epochs)" in done.problem
        assert await trainer.models.all(TEAM) == []


async def test_cancelled_at_the_provider_is_cancelled_here(redis: Client) -> None:
    async with finetuning_server() as server:
        server.ends = "cancelled"
        trainer, job, _ = await begun(redis, server)
        assert (await until(trainer, job)).stage is Stage.CANCELLED


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_admin_cancels_a_job(redis: Client, dialect: Dialect) -> None:
    async with finetuning_server(dialect) as server:
        server.ends = "running"
        trainer, job, _ = await begun(redis, server)
        job = await until(trainer, job, lambda one: one.status == "running")
        await trainer.jobs.cancel(TEAM, job.id)
        [marked] = await trainer.jobs.all(TEAM)
        done = await until(trainer, marked)
        assert done.stage is Stage.CANCELLED
        assert server.cancelled == [job.remote]


async def test_a_failed_job_starts_again_as_its_next_attempt(
    redis: Client,
) -> None:
    async with finetuning_server() as server:
        server.ends = "failed"
        trainer, job, shot = await begun(redis, server)
        await until(trainer, job)
        server.ends, server.script = "succeeded", deque()
        backend = trainer.backends["openai"]
        second = await begin(trainer, TEAM, await plan(trainer, TEAM, backend, shot, 3), "U1")
        assert (second.id, second.attempt) == (job.id, 2)
        assert (await until(trainer, second)).stage is Stage.READY
        assert (len(server.files), len(server.jobs)) == (1, 2)
        third = await begin(trainer, TEAM, await plan(trainer, TEAM, backend, shot, 3), "U1")
        assert third.model


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("answer", [failed(500), failed(503), Drop()])
@pytest.mark.parametrize("route", ["POST files", "POST jobs"])
async def test_work_done_before_an_error_is_found_and_not_repeated(
    redis: Client, dialect: Dialect, answer: Drop, route: str
) -> None:
    async with finetuning_server(dialect) as server:
        server.fail(route, Fault(answer, done=True))
        trainer, job, _ = await begun(redis, server)
        done = await until(trainer, job)
        assert done.stage is Stage.READY
        assert (len(server.files), len(server.jobs)) == (1, 1)


@pytest.mark.parametrize(
    "answer",
    [failed(429, "slow down"), failed(500), failed(409), failed(401), Drop()],
)
async def test_a_temporary_error_is_retried(redis: Client, answer: Drop) -> None:
    async with finetuning_server() as server:
        for route in ("POST files", "POST jobs", "GET job", "POST chat"):
            server.fail(route, Fault(answer), Fault(answer))
        trainer, job, _ = await begun(redis, server)
        troubled = await until(trainer, job, lambda one: one.tries == 1)
        assert troubled.problem
        done = await until(trainer, troubled)
        assert (done.stage, done.problem, done.tries) == (Stage.READY, "", 0)
        assert (len(server.files), len(server.jobs)) == (1, 1)


@pytest.mark.parametrize(
    "answer", [JSONResponse({}), JSONResponse([]), JSONResponse(None), HTMLResponse("<p>hello")]
)
async def test_an_invalid_response_is_retried(redis: Client, answer: Response) -> None:
    async with finetuning_server() as server:
        routes = ("POST files", "POST jobs", "GET jobs", "GET file", "GET job", "POST chat")
        trainer, job, _ = await begun(redis, server)
        for route in routes:
            server.fail(route, Fault(answer))
        done = await until(trainer, job)
        assert (done.stage, done.problem) == (Stage.READY, "")
        assert (len(server.files), len(server.jobs)) == (1, 1)


async def test_invalid_events_do_not_stop_a_job(redis: Client) -> None:
    async with finetuning_server() as server:
        server.fail(
            "GET events", *(Fault(JSONResponse({"data": [{"id": 1}, {"id": 2}]})) for _ in range(9))
        )
        trainer, job, _ = await begun(redis, server)
        done = await until(trainer, job)
        assert (done.stage, done.events) == (Stage.READY, ())


async def test_a_job_waits_until_its_model_is_named(redis: Client) -> None:
    async with finetuning_server() as server:
        trainer, job, _ = await begun(redis, server)
        job = await until(trainer, job, lambda one: one.stage is Stage.TRAINING)
        server.jobs[0]["status"] = "succeeded"
        job = await until(trainer, job, lambda one: one.tries > 1)
        assert "has not named the trained model yet" in job.problem
        server.jobs[0]["fine_tuned_model"] = "ft:late"
        assert (await until(trainer, job)).stage is Stage.READY


async def test_no_key_is_shown(redis: Client) -> None:
    async with finetuning_server() as server:
        trainer, job, _ = await begun(redis, server)
        server.fail("POST files", Fault(failed(401, "Incorrect API key provided: sk-abc123")))
        troubled = await until(trainer, job, lambda one: one.tries == 1)
        assert "OPENAI_API_KEY" in troubled.problem
        assert "sk-abc" not in troubled.problem


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (failed(403, "Fine-tuning is not available for this organization"), "2027-01-06"),
        (failed(403, "Missing scopes: api.fine_tuning.jobs.write"), "lacks a permission"),
        (failed(429, "quota", "insufficient_quota"), "no credit left"),
        (failed(400, "n_epochs is too large"), "n_epochs is too large"),
    ],
)
async def test_a_refusal_fails_the_job_with_reason_and_advice(
    redis: Client, answer: Drop, words: str
) -> None:
    async with finetuning_server() as server:
        server.fail("POST jobs", Fault(answer))
        trainer, job, _ = await begun(redis, server)
        done = await until(trainer, job)
        assert done.stage is Stage.FAILED
        assert words in done.problem


async def test_a_file_that_the_provider_refuses_fails_the_job(redis: Client) -> None:
    async with finetuning_server() as server:
        trainer, job, _ = await begun(redis, server)
        job = await until(trainer, job, lambda one: one.stage is Stage.UPLOADED)
        server.files[0] |= {"status": "error", "status_details": "line 3 is broken"}
        done = await until(trainer, job)
        assert "line 3 is broken" in done.problem
        assert server.jobs == []


async def test_a_job_waits_until_its_file_is_read(redis: Client) -> None:
    async with finetuning_server("azure") as server:
        trainer, job, _ = await begun(redis, server)
        job = await until(trainer, job, lambda one: one.stage is Stage.UPLOADED)
        server.files[0]["status"] = "pending"
        job = await until(trainer, job, lambda one: one.tries == 2)
        assert "still reading the training file" in job.problem
        server.files[0]["status"] = "processed"
        assert (await until(trainer, job)).stage is Stage.READY


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_model_that_cannot_be_called_yet_is_probed_again(
    redis: Client, dialect: Dialect
) -> None:
    async with finetuning_server(dialect) as server:
        server.callable_after = 3
        trainer, job, _ = await begun(redis, server)
        waiting = await until(
            trainer, job, lambda one: one.stage is Stage.DEPLOYED and one.tries > 0
        )
        assert "cannot be called yet" in waiting.problem
        assert await trainer.models.all(TEAM) == []
        assert (await until(trainer, waiting)).stage is Stage.READY
        assert server.probes == 4


async def test_a_model_that_gives_no_label_fails_the_job(redis: Client) -> None:
    async with finetuning_server() as server:
        server.says = "I would say it is about money"
        trainer, job, _ = await begun(redis, server, PollPace(0.001, 0.002, 0.05, 60))
        done = await until(trainer, job)
        assert done.stage is Stage.FAILED
        assert "without a label of the label set" in done.problem
        assert await trainer.models.all(TEAM) == []


async def test_a_training_job_is_never_given_up(redis: Client) -> None:
    async with finetuning_server() as server:
        server.ends = "running"
        trainer, job, _ = await begun(redis, server, PollPace(0.001, 0.002, 0.01, 0.01))
        looks = 0
        while looks < 20:
            job = await trainer.advance(job)
            looks = len([where for where, _ in server.requests if where == "GET job"])
        assert (job.stage, job.status) == (Stage.TRAINING, "running")


async def test_two_jobs_with_one_tag_become_one(redis: Client) -> None:
    async with finetuning_server() as server:
        trainer, job, _ = await begun(redis, server)
        job = await until(trainer, job, lambda one: one.stage is Stage.UPLOADED)
        backend = trainer.backends["openai"]
        first = await backend.create(job)
        server.jobs.append(server.jobs[0] | {"id": "ftjob-late", "created_at": 1_900_000_000})
        assert await backend.create(job) == first
        assert server.cancelled == ["ftjob-late"]
