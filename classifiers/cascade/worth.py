"""Decision theory of the cascade: when an LLM call pays off, and how to combine both answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.base import Score

_PRIOR_RIGHT, _PRIOR_WRONG = 18.0, 2.0  # pseudo-counts of a Beta prior
_KNOWN_FROM = 10  # judged answers from which the LLM must meet the target precision
_LIKELIER_THAN_NOT = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """The numbers of the LLM's answers that agents judged right and wrong."""

    right: int = 0
    wrong: int = 0

    @property
    def accuracy(self) -> float:
        """Return the mean of the Beta posterior; the prior is 0.9 and counts as 20 answers."""
        right, wrong = self.right + _PRIOR_RIGHT, self.wrong + _PRIOR_WRONG
        return right / (right + wrong)


@dataclass(frozen=True, slots=True)
class Terms:
    """The target precision, and the prices in US dollars of an error and of an LLM call."""

    target_precision: float = 0.9
    error_price_usd: float = 0.5
    call_price_usd: float = 0.0

    def needed(self, judged: Judged) -> float:
        """Return the threshold: the minimum confidence at which the LLM's label is given.

        It is the target precision once ten answers have been judged. Until then the label need only
        be likelier than not, as in the local classifier's cold start.
        """
        known = judged.right + judged.wrong >= _KNOWN_FROM
        return self.target_precision if known else min(_LIKELIER_THAN_NOT, self.target_precision)

    def pays(self, scores: Sequence[Score], judged: Judged, *, given: bool) -> bool:
        """Return True if the errors that a call is expected to avoid cost more than the call.

        `scores` are local's, best first. `given` is True if local gives its best label. An
        abstention counts as an error, because a human has to look at the message. If local
        abstains, the LLM helps only if its agreement with local would reach the threshold.
        """
        accuracy = judged.accuracy
        gain = accuracy - (scores[0].confidence if scores and given else 0.0)
        if not given:
            best = scores[0].label if scores else ""
            gain *= confidence(best, scores, accuracy) >= self.needed(judged)
        return gain * self.error_price_usd > self.call_price_usd


def confidence(label: str, scores: Sequence[Score], accuracy: float) -> float:
    """Return the probability that `label` is right, given that the LLM named it.

    This is Bayes' rule with local's `scores` as the prior. The LLM is expected to name the right
    label with probability `accuracy`, and wrong labels in proportion to local's scores, because
    both confuse the same labels. Without scores the result is `accuracy`.
    """
    if accuracy >= 1:
        return 1.0
    others = [score.confidence for score in scores if score.label != label]
    named = sum(score.confidence for score in scores if score.label == label)
    unseen = max(0.0, 1.0 - named - sum(others))  # of all labels that are not in `scores`
    against = unseen + sum(other / max(1.0 - other, 1e-9) for other in others)
    if not scores:
        against = 1.0
    right = accuracy
    return right / (right + (1.0 - accuracy) * against)


def combine(label: str, scores: Sequence[Score], accuracy: float) -> tuple[Score, ...]:
    """Return the posterior of local's `scores` after the LLM named `label`, which comes first."""
    sure = confidence(label, scores, accuracy)
    named = sum(score.confidence for score in scores if score.label == label)
    shrink = (1.0 - sure) / max(1.0 - named, 1e-9)
    others = [
        Score(score.label, min(score.confidence * shrink, sure))
        for score in scores
        if score.label != label
    ]
    return (Score(label, sure), *others)
