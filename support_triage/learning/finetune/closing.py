"""What closes when: dates on which a provider stops taking jobs, or a model stops answering."""

from dataclasses import dataclass
from datetime import date

from support_triage.learning.finetune.base import Finding, Level

OPENAI_LAST_JOB = date(2027, 1, 6)
OPENAI_LAST_ANSWER = date(2027, 1, 14)
_OPENAI_FAMILIES = ("gpt-4o", "gpt-4.1")
_ELSEWHERE = (
    "Train here in seconds with `triage train local`, or hosted with `triage train nebius` "
    "or `triage train azure`."
)

CLOSED = (
    "OpenAI does not let this organisation fine-tune: new ones are closed out since 2026-05-07, "
    f"and all of them after {OPENAI_LAST_JOB}; what was trained there answers until "
    f"{OPENAI_LAST_ANSWER}. {_ELSEWHERE}"
)


@dataclass(frozen=True, slots=True)
class Stop:
    """The last day on which a model and all that was trained from it answer."""

    model: str
    day: date


def known_stop(model: str, announced: str | None) -> Stop | None:
    """When an OpenAI model stops: as the provider announced it, else as it was made public."""
    if announced:
        try:
            return Stop(model, date.fromisoformat(announced[:10]))
        except ValueError:
            return None
    dated = any(model == name or model.startswith(f"{name}-") for name in _OPENAI_FAMILIES)
    return Stop(model, OPENAI_LAST_ANSWER) if dated else None


def of_openai(today: date) -> list[Finding]:
    """That OpenAI's fine-tuning ends, or has ended."""
    if today > OPENAI_LAST_JOB:
        return [Finding(Level.REFUSE, CLOSED)]
    return [
        Finding(
            Level.ADVISE,
            f"OpenAI takes fine-tuning jobs until {OPENAI_LAST_JOB} only, and what was trained "
            f"answers until {OPENAI_LAST_ANSWER}. {_ELSEWHERE}",
        )
    ]


def of_model(stop: Stop | None, today: date) -> list[Finding]:
    """That a base model is being shut down."""
    if stop is None:
        return []
    left = (stop.day - today).days
    if left < 0:
        message = f"{stop.model} was shut down on {stop.day}: choose another base_model."
        return [Finding(Level.REFUSE, message)]
    message = f"{stop.model} and models trained from it stop on {stop.day}, in {left} days."
    return [Finding(Level.ADVISE, message)]
