"""How a job comes from stage to stage, whatever a provider says and however often it fails."""

from hypothesis import given
from hypothesis import strategies as st

from learning.finetune import stages as progress
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
def test_a_job_that_ended_needs_nothing_and_any_other_comes_to_its_turn(
    one: Job, now: float
) -> None:
    step = next_step(one, now)
    assert (next_step(one, one.due) is None) == (one.stage in ENDS)
    if step is not None:
        assert (step is Step.CANCEL) == one.cancelling


@given(jobs, st.text(max_size=12), st.floats(0, 1e7))
def test_any_word_of_a_provider_is_taken(one: Job, status: str, now: float) -> None:
    seen = progress.polled(one, Remote(status), None, PACE, now)
    assert seen.status == status
    if not seen.ended and seen.stage is Stage.TRAINING:
        assert now < seen.due <= now + PACE.longest_s


@given(
    jobs.filter(lambda one: not one.ended),
    st.floats(0, 1e7),
    st.one_of(st.none(), st.floats(0, 1e9)),
)
def test_trouble_waits_ever_longer_but_never_too_long(
    one: Job, now: float, wait_s: float | None
) -> None:
    after = progress.troubled(one, UnavailableError("away", wait_s), PACE, now)
    if after.ended:
        assert one.stage is not Stage.TRAINING
        assert now - (one.problem_since or 0.0) > PACE.patience_s
        assert "given up" in after.problem
    else:
        assert now + PACE.first_s <= after.due <= now + PACE.longest_s
        assert after.tries == one.tries + 1


def test_what_goes_well_forgets_the_trouble() -> None:
    troubled = progress.troubled(job(), UnavailableError("away"), PACE, 1.0)
    after = progress.uploaded(troubled, ("f",), 2.0)
    assert (after.problem, after.problem_since, after.tries) == ("", None, 0)


def test_a_cancellation_that_did_not_succeed_waits_as_all_do() -> None:
    wanted = job(cancelling=True, stage=Stage.TRAINING, due=99.0)
    assert next_step(wanted, 1.0) is Step.CANCEL
    assert next_step(progress.troubled(wanted, UnavailableError("x"), PACE, 1.0), 2.0) is None


def test_people_read_what_keeps_it_and_what_to_do() -> None:
    running = job(stage=Stage.TRAINING, status="running", estimated_tokens=1000, estimated_usd=0.5)
    assert "Estimated: 1,000 tokens x 3 epochs, $0.50" in job_lines(running, PACE, 10.0)
    assert "longer than it should" in job_lines(running, PACE, 501.0)[-1]
    failed = progress.refused(running, RefusedError("bad file"), 9.0)
    assert job_lines(failed, PACE, 10.0)[-2:] == ["Reason: bad file", "Start again: train openai"]
    assert (price(None), price(0.0), price(0.001)) == ("price not known", "free", "less than $0.01")
    assert (lasting(-1), lasting(119), lasting(7200), lasting(1e6)) == (
        "0 s",
        "119 s",
        "2 h",
        "12 d",
    )
