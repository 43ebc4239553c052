"""What became of the answers that people saw: what agents said of them, and their silence."""

from collections.abc import Collection, Mapping, Sequence

from classifiers.base import Prediction
from classifiers.local.outcome_threshold import Outcomes
from storage.series import ShownAnswer


def noted(message: str, prediction: Prediction, at: float) -> ShownAnswer:
    """What is kept of an answer at Unix second `at`; `message` is "" where nobody saw it."""
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
    """Of answers, oldest first, those that are settled; `judged` are agents' labels by message.

    An answer is settled once agents judged a later one in the same channel. Then a label that
    they left as it is counts as right, and a message that was left to them and that they left as
    well counts against the bot's best guess. How many of those they took up is their attention.
    Guesses at labels that are not among `labels` any more are left out.
    """
    settled = [one for one in _settled(answers, judged) if one.best in labels]
    truth = [judged.get(one.id, one.label) for one in settled]
    left = [one.id in judged for one in settled if not one.label]
    return Outcomes(
        best=tuple(one.best for one in settled),
        confidence=tuple(one.confidence for one in settled),
        right=tuple(one.best == label for one, label in zip(settled, truth, strict=True)),
        attention=(sum(left) + 1) / (len(left) + 2),
    )


def _settled(answers: Sequence[ShownAnswer], judged: Mapping[str, str]) -> list[ShownAnswer]:
    found, attended = [], set[str]()
    for one in reversed(answers):
        channel = one.id.partition(":")[0]
        if channel in attended:
            found.append(one)
        if one.id in judged:
            attended.add(channel)
    return found[::-1]
