"""What the LLM's answer is worth beside the local one's scores, and when asking for it pays."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.base import Score

_PRIOR_RIGHT, _PRIOR_WRONG = 18.0, 2.0
_KNOWN_FROM = 10  # judged answers; with fewer the target precision is not held against them
_LIKELIER_THAN_NOT = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """How many of the LLM's answers agents judged to be right and wrong."""

    right: int = 0
    wrong: int = 0

    @property
    def accuracy(self) -> float:
        """Mean of the Beta posterior: 0.9 before anything is judged, as of 20 answers."""
        right, wrong = self.right + _PRIOR_RIGHT, self.wrong + _PRIOR_WRONG
        return right / (right + wrong)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the admin asks for, and the prices that asking is weighed with, in US dollars."""

    target_precision: float = 0.9
    error_price_usd: float = 0.5
    call_price_usd: float = 0.0

    def needed(self, judged: Judged) -> float:
        """The confidence from which the LLM's label is given.

        The target precision, once enough answers were judged to know; until then the label need
        only be likelier than not, as it is with the local classifier's own cold start.
        """
        known = judged.right + judged.wrong >= _KNOWN_FROM
        return self.target_precision if known else min(_LIKELIER_THAN_NOT, self.target_precision)

    def pays(self, scores: Sequence[Score], judged: Judged, *, given: bool) -> bool:
        """Whether the errors that asking is expected to avoid cost more than the call.

        `scores` are local's, best first; `given` says that local gives its best label. A message
        left to a human counts as an error: somebody has to look at it. There the LLM helps only
        if its agreement with local would be enough to give the label.
        """
        accuracy = judged.accuracy
        gain = accuracy - (scores[0].confidence if scores and given else 0.0)
        if not given:
            best = scores[0].label if scores else ""
            gain *= confidence(best, scores, accuracy) >= self.needed(judged)
        return gain * self.error_price_usd > self.call_price_usd


def confidence(label: str, scores: Sequence[Score], accuracy: float) -> float:
    """Probability that `label` is right, given that the LLM named it and local's `scores`.

    Bayes' rule with local's scores as the prior. The LLM names the right label with `accuracy`,
    else a wrong one as likely as local finds it, since both confuse the same labels. Where local
    knows nothing it is `accuracy`.
    """
    if accuracy >= 1:
        return 1.0
    others = [score.confidence for score in scores if score.label != label]
    named = sum(score.confidence for score in scores if score.label == label)
    unseen = max(0.0, 1.0 - named - sum(others))  # spread thinly over the labels not in `scores`
    against = unseen + sum(other / max(1.0 - other, 1e-9) for other in others)
    if not scores:
        against = 1.0
    right = accuracy
    return right / (right + (1.0 - accuracy) * against)


def joined(label: str, scores: Sequence[Score], accuracy: float) -> tuple[Score, ...]:
    """Local's `scores` after the LLM named `label`: that first, the rest in what remains."""
    sure = confidence(label, scores, accuracy)
    named = sum(score.confidence for score in scores if score.label == label)
    shrink = (1.0 - sure) / max(1.0 - named, 1e-9)
    others = [
        Score(score.label, min(score.confidence * shrink, sure))
        for score in scores
        if score.label != label
    ]
    return (Score(label, sure), *others)
