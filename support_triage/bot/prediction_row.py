"""A prediction as a row of a file."""

from support_triage.classifiers.base import Prediction


def row(text: str, one: Prediction) -> dict[str, object]:
    """What `triage classify` writes of a text."""
    return {
        "text": text,
        "label": one.label,
        "confidence": round(one.confidence, 4),
        "alternatives": [
            {"label": score.label, "confidence": round(score.confidence, 4)}
            for score in one.alternatives
        ],
        "abstained": one.abstained,
        "reason": None if one.reason is None else one.reason.value,
        "classifier": one.classifier,
    }
