"""The state machine of a job, for any status of a provider and any number of failures."""

from hypothesis import given
from hypothesis import strategies as st

from learning.finetune import stages
from learning.finetune.backend import RefusedError, Remote, UnavailableError
from learning.finetune.report import job_lines, lasting, price
from learning.finetune.stages import PollPace, Step, next_step
from storage.jobs import ENDS, Job, Stage

PACE = PollPace(first_s=5.0, longest_s=300.0, patience_s=1000.0, late_s=500.0)


def job(**more: object) -> Job:
    given_: dict[str, object] = {
        "id": "a1",
        "team": "T1",
        "backend": "openai",
        "base_model": "m",
        "snapshot": "s",
        "label_set": "l",
        "who": "U1",
        "created": 0.0,
    }
    return Job.model_validate(given_ | more)


jobs = st.builds(
    job,
    stage=st.sampled_from(Stage),
    due=st.floats(0, 100),
    tries=st.integers(0, 2000),
    cancelling=st.booleans(),
    problem=st.sampled_from(["", "away"]),
    problem_since=st.sampled_from([None, 0.0]),
)


@given(jobs, st.floats(0, 200))
def test_an_ended_job_has_no_step_and_any_other_job_has_one_when_due(one: Job, now: float) -> None:
    step = next_step(one, now)
    assert (next_step(one, one.due) is None) == (one.stage in ENDS)
    if step is not None:
        assert (step is Step.CANCEL) == one.cancelling


@given(jobs, st.text(max_size=12), st.floats(0, 1e7))
def test_any_status_of_a_provider_is_accepted(one: Job, status: str, now: float) -> None:
    seen = stages.polled(one, Remote(status), None, PACE, now)
    assert seen.status == status
    if not seen.ended and seen.stage is Stage.TRAINING:
        assert now < seen.due <= now + PACE.longest_s


@given(
    jobs.filter(lambda one: not one.ended),
    st.floats(0, 1e7),
    st.one_of(st.none(), st.floats(0, 1e9)),
)
def test_failed_steps_back_off_up_to_a_limit(one: Job, now: float, wait_s: float | None) -> None:
    after = stages.troubled(one, UnavailableError("away", wait_s), PACE, now)
    if after.ended:
        assert one.stage is not Stage.TRAINING
        assert now - (one.problem_since or 0.0) > PACE.patience_s
        assert "gave up" in after.problem
    else:
        assert now + PACE.first_s <= after.due <= now + PACE.longest_s
        assert after.tries == one.tries + 1


def test_a_successful_step_clears_the_problem() -> None:
    troubled = stages.troubled(job(), UnavailableError("away"), PACE, 1.0)
    after = stages.uploaded(troubled, ("f",), 2.0)
    assert (after.problem, after.problem_since, after.tries) == ("", None, 0)


def test_a_failed_cancellation_backs_off() -> None:
    wanted = job(cancelling=True, stage=Stage.TRAINING, due=99.0)
    assert next_step(wanted, 1.0) is Step.CANCEL
    assert next_step(stages.troubled(wanted, UnavailableError("x"), PACE, 1.0), 2.0) is None


def test_job_lines_show_the_problem_and_the_next_step() -> None:
    running = job(stage=Stage.TRAINING, status="running", estimated_tokens=1000, estimated_usd=0.5)
    assert "Estimated: 1,000 tokens x 3 epochs, $0.50" in job_lines(running, PACE, 10.0)
    assert "longer than expected" in job_lines(running, PACE, 501.0)[-1]
    failed = stages.refused(running, RefusedError("bad file"), 9.0)
    assert job_lines(failed, PACE, 10.0)[-2:] == ["Reason: bad file", "Start again: train openai"]
    assert (price(None), price(0.0), price(0.001)) == ("price not known", "free", "less than $0.01")
    assert (lasting(-1), lasting(119), lasting(7200), lasting(1e6)) == (
        "0 s",
        "119 s",
        "2 h",
        "12 d",
    )
