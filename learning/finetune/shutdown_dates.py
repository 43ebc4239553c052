"""What closes when: dates on which a provider stops taking jobs, or a model stops answering."""

from dataclasses import dataclass
from datetime import date

from classifiers.plural import plural
from learning.finetune.backend import Level, PreflightFinding

OPENAI_LAST_JOB = date(2027, 1, 6)
OPENAI_LAST_ANSWER = date(2027, 1, 14)
_OPENAI_FAMILIES = ("gpt-4o", "gpt-4.1")
_ELSEWHERE = (
    "Train here in seconds with `triage train local`, or hosted with `triage train nebius` "
    "or `triage train azure`."
)

# Sources, read in November 2026: developers.openai.com/api/docs/deprecations (the notices of
# 2026-04-22, 2026-05-07 and 2026-10-14); Microsoft's retirement schedule of 2026-07-07.
_ENDED = {
    "gpt-3.5-turbo": date(2026, 10, 23),
    "gpt-4.1-nano": date(2026, 10, 23),
    "gpt-4o-2024-05-13": date(2026, 10, 23),
}
_AZURE_NEW_CUSTOMERS = date(2026, 10, 14)
_AZURE_TRAINING = date(2027, 4, 14)
_AZURE_ANSWERS = date(2027, 10, 14)
_AZURE_MODEL = "gpt-4.1-mini-2025-04-14"

CLOSED = (
    "OpenAI does not let this organisation fine-tune: new ones are closed out since 2026-05-07, "
    "since 2026-07-02 also those that asked no fine-tuned model within 60 days, "
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
    for name, day in _ENDED.items():
        if model == name or model.startswith(f"{name}-"):
            return Stop(model, day)
    dated = any(model == name or model.startswith(f"{name}-") for name in _OPENAI_FAMILIES)
    return Stop(model, OPENAI_LAST_ANSWER) if dated else None


def of_openai(today: date) -> list[PreflightFinding]:
    """That OpenAI's fine-tuning ends, or has ended."""
    if today > OPENAI_LAST_JOB:
        return [PreflightFinding(Level.REFUSE, CLOSED)]
    return [
        PreflightFinding(
            Level.ADVISE,
            f"OpenAI takes fine-tuning jobs until {OPENAI_LAST_JOB} only, from organisations that "
            "asked a fine-tuned model within the last 60 days, and what was trained answers until "
            f"{OPENAI_LAST_ANSWER}. {_ELSEWHERE}",
        )
    ]


def of_azure(model: str, today: date) -> list[PreflightFinding]:
    """Return when Azure retires the default base model; nothing is known here of other models."""
    if model != _AZURE_MODEL:
        return []
    if today > _AZURE_TRAINING:
        message = f"Azure may have stopped training {model} on {_AZURE_TRAINING}"
    else:
        message = (
            f"Azure trains {model} until {_AZURE_TRAINING} at least, and since "
            f"{_AZURE_NEW_CUSTOMERS} only for customers who used it before"
        )
    return [
        PreflightFinding(
            Level.ADVISE,
            f"{message}; what was trained answers until {_AZURE_ANSWERS}. These dates are of "
            "July 2026: look up the model retirement schedule of Microsoft Foundry.",
        )
    ]


def of_model(stop: Stop | None, today: date) -> list[PreflightFinding]:
    """That a base model is being shut down."""
    if stop is None:
        return []
    left = (stop.day - today).days
    if left < 0:
        message = f"{stop.model} was shut down on {stop.day}: choose another base_model."
        return [PreflightFinding(Level.REFUSE, message)]
    message = (
        f"{stop.model} and models trained from it stop on {stop.day}, in {plural(left, 'day')}."
    )
    return [PreflightFinding(Level.ADVISE, message)]
