"""Derives right and wrong from agents' judgements of shown answers, and from their silence."""

from collections.abc import Collection, Mapping, Sequence

from classifiers.base import Prediction
from classifiers.local.outcome_threshold import Outcomes
from storage.series import ShownAnswer


def answer_record(message: str, prediction: Prediction, at: float) -> ShownAnswer:
    """Return the record of an answer at Unix second `at`; `message` is "" if it was not shown."""
    local = prediction.local
    return ShownAnswer(
        at=at,
        label=prediction.label or "",
        classifier=prediction.classifier,
        ms=prediction.latency_ms,
        id=message,
        best="" if local is None else local.label,
        confidence=0.0 if local is None else local.confidence,
    )


def outcomes(
    answers: Sequence[ShownAnswer], judged: Mapping[str, str], labels: Collection[str]
) -> Outcomes:
    """Return the outcomes of settled answers.

    `answers` are oldest first; `judged` maps messages to agents' labels. An answer is settled
    once agents judge a later answer in the same channel. A settled label that nobody corrected
    counts as right. A settled abstention that nobody labelled counts against the bot's best
    guess. `attention` is the share of abstentions that agents labelled. Guesses at labels outside
    `labels` are left out.
    """
    settled = [answer for answer in _settled(answers, judged) if answer.best in labels]
    truth = [judged.get(answer.id, answer.label) for answer in settled]
    labelled = [answer.id in judged for answer in settled if not answer.label]
    return Outcomes(
        best=tuple(answer.best for answer in settled),
        confidence=tuple(answer.confidence for answer in settled),
        right=tuple(answer.best == label for answer, label in zip(settled, truth, strict=True)),
        attention=(sum(labelled) + 1) / (len(labelled) + 2),
    )


def _settled(answers: Sequence[ShownAnswer], judged: Mapping[str, str]) -> list[ShownAnswer]:
    found, attended = [], set[str]()
    for answer in reversed(answers):
        channel = answer.id.partition(":")[0]
        if channel in attended:
            found.append(answer)
        if answer.id in judged:
            attended.add(channel)
    return found[::-1]
