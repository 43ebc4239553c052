"""The dates on which providers stop accepting jobs, and on which models stop answering."""

from dataclasses import dataclass
from datetime import date

from classifiers.plural import plural
from learning.finetune.backend import Level, PreflightFinding

OPENAI_LAST_JOB = date(2027, 1, 6)
OPENAI_LAST_ANSWER = date(2027, 1, 14)
_OPENAI_FAMILIES = ("gpt-4o", "gpt-4.1")
_ELSEWHERE = (
    "Train locally in seconds with `triage train local`, or train a hosted model with "
    "`triage train nebius` or `triage train azure`."
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
    "OpenAI does not let this organisation fine-tune. It refuses organisations that were new on "
    "2026-05-07, since 2026-07-02 those that have not used a fine-tuned model for 60 days, and "
    f"after {OPENAI_LAST_JOB} all. Models trained there answer until {OPENAI_LAST_ANSWER}. "
    f"{_ELSEWHERE}"
)


@dataclass(frozen=True, slots=True)
class Stop:
    """The last day on which a model, and models trained from it, answer."""

    model: str
    day: date


def known_stop(model: str, announced: str | None) -> Stop | None:
    """Return when an OpenAI model stops answering, or None if unknown.

    `announced` is the date from the API, in ISO format; without it, the published dates count.
    """
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
    """Return the finding that OpenAI's fine-tuning ends, or has ended."""
    if today > OPENAI_LAST_JOB:
        return [PreflightFinding(Level.REFUSE, CLOSED)]
    return [
        PreflightFinding(
            Level.ADVISE,
            f"OpenAI accepts fine-tuning jobs only until {OPENAI_LAST_JOB}, from organisations "
            "that used a fine-tuned model in the last 60 days. The trained models answer until "
            f"{OPENAI_LAST_ANSWER}. {_ELSEWHERE}",
        )
    ]


def of_azure(model: str, today: date) -> list[PreflightFinding]:
    """Return when Azure retires the default base model; other models have no known dates."""
    if model != _AZURE_MODEL:
        return []
    if today > _AZURE_TRAINING:
        message = f"Azure may have stopped training {model} on {_AZURE_TRAINING}"
    else:
        message = (
            f"Azure trains {model} until at least {_AZURE_TRAINING}, and since "
            f"{_AZURE_NEW_CUSTOMERS} only for customers who used it before"
        )
    return [
        PreflightFinding(
            Level.ADVISE,
            f"{message}. Trained models answer until {_AZURE_ANSWERS}. These dates are from "
            "July 2026: check the model retirement schedule of Microsoft Foundry.",
        )
    ]


def of_model(stop: Stop | None, today: date) -> list[PreflightFinding]:
    """Return the finding that a base model stops answering, or has stopped."""
    if stop is None:
        return []
    left = (stop.day - today).days
    if left < 0:
        message = f"{stop.model} was shut down on {stop.day}. Choose another base_model."
        return [PreflightFinding(Level.REFUSE, message)]
    message = (
        f"{stop.model} and models trained from it stop answering on {stop.day}, "
        f"in {plural(left, 'day')}."
    )
    return [PreflightFinding(Level.ADVISE, message)]
