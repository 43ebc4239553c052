"""Compute the cascade's accuracy against its share of LLM calls, from given predictions."""

from collections.abc import Sequence
from typing import Any

from classifiers.base import Prediction
from classifiers.cascade.worth import Judged, Terms
from classifiers.evaluation import best

_STEPS = 50


def curve(
    local: Sequence[Prediction], llm: Sequence[Prediction], truth: Sequence[str]
) -> list[dict[str, float]]:
    """Return the points from no LLM calls to a call per message, by rising threshold."""
    thresholds = [step / _STEPS for step in range(_STEPS + 1)] + [1.01]
    return [point(local, llm, truth, threshold) for threshold in thresholds]


def point(
    local: Sequence[Prediction],
    llm: Sequence[Prediction],
    truth: Sequence[str],
    threshold: float,
) -> dict[str, float]:
    """Return share of calls, accuracy and cost if the LLM is called below a local confidence."""
    sent = [prediction.confidence < threshold for prediction in local]
    right = sum(
        _answer(mine, theirs, ask) == label
        for mine, theirs, ask, label in zip(local, llm, sent, truth, strict=True)
    )
    cost = sum(prediction.usage.cost_usd for prediction, ask in zip(llm, sent, strict=True) if ask)
    return {
        "threshold": threshold,
        "share": sum(sent) / len(sent),
        "accuracy": right / len(sent),
        "usd_per_1000": 1000 * cost / len(sent),
    }


def _answer(local: Prediction, llm: Prediction, ask: bool) -> str | None:  # noqa: FBT001
    return llm.label if ask and llm.label is not None else best(local)


def chosen(
    local: Sequence[Prediction], llm: Sequence[Prediction], truth: Sequence[str]
) -> dict[str, Any]:
    """Return the points at the default thresholds: without judged answers, and with half judged.

    For the latter, the LLM's accuracy on each half of the messages sets the threshold of the other.
    """
    terms = Terms(call_price_usd=sum(prediction.usage.cost_usd for prediction in llm) / len(llm))
    fresh = _threshold(Judged(), terms)
    halves = [slice(0, None, 2), slice(1, None, 2)]
    parts = []
    for judged_by, decided in (halves, halves[::-1]):
        right = sum(
            prediction.label == label
            for prediction, label in zip(llm[judged_by], truth[judged_by], strict=True)
        )
        judged = Judged(right, len(truth[judged_by]) - right)
        threshold = _threshold(judged, terms)
        found = point(local[decided], llm[decided], truth[decided], threshold)
        parts.append(found | {"judged_accuracy": judged.accuracy})
    return {
        "fresh": point(local, llm, truth, fresh),
        "judged": {key: sum(part[key] for part in parts) / len(parts) for key in parts[0]},
    }


def _threshold(judged: Judged, terms: Terms) -> float:
    return max(0.0, judged.accuracy - terms.call_price_usd / terms.error_price_usd)
