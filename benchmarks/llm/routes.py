"""Measure accuracy, tokens and times of several prompts, and of the local classifier."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.llm.asked import config
from benchmarks.llm.desks import Desk
from classifiers.base import Abstention, Prediction
from classifiers.config import LlmChoice
from classifiers.evaluation import best
from classifiers.llm.llm import LlmClassifier

_FEW_TOKENS = 200  # for about ten labels


@dataclass(frozen=True)
class Route:
    """A kind of prompt, as changes to the table `[llm]`."""

    name: str
    changes: dict[str, Any]


ROUTES = (
    Route("zero-shot", {"max_shots": 0}),
    Route("few-shot", {}),
    Route("few-shot, narrowed", {"label_tokens": _FEW_TOKENS}),
    Route("few-shot, narrowed, text", {"label_tokens": _FEW_TOKENS, "structured": "text"}),
)


async def local_alone(desk: Desk) -> tuple[list[Prediction], dict[str, Any]]:
    """Return the local classifier's predictions and figures."""
    found = [(await desk.local.classify([text]))[0] for text, _ in desk.asked]
    return found, figures(desk, "local", found)


async def asked(
    desk: Desk, route: Route, choice: LlmChoice
) -> tuple[list[Prediction], dict[str, Any]]:
    """Return a route's predictions, requested one by one, and its figures."""
    classifier = LlmClassifier(
        desk.labels, choice, config(choice.model, **route.changes), desk.retrieval
    )
    started = time.perf_counter()
    found = [(await classifier.classify([text]))[0] for text, _ in desk.asked]
    await classifier.aclose()
    took_s = time.perf_counter() - started
    return found, figures(desk, route.name, found) | {"took_s": round(took_s, 1)}


def figures(desk: Desk, name: str, found: Sequence[Prediction]) -> dict[str, Any]:
    """Return shares and means over the messages; for local, abstentions count by the best label."""
    count = len(found)
    names = [best(prediction) if name == "local" else prediction.label for prediction in found]
    right = sum(name == label for name, (_, label) in zip(names, desk.asked, strict=True))
    times = sorted(prediction.latency_ms for prediction in found)
    used = [prediction.usage for prediction in found]
    prompt = sum(usage.prompt_tokens for usage in used)
    return {
        "desk": desk.name,
        "route": name,
        "labels": len(desk.labels.labels),
        "messages": count,
        "accuracy": right / count,
        "right": right,
        "invalid": sum(prediction.reason is Abstention.BAD_ANSWER for prediction in found) / count,
        "declined": 0.0
        if name == "local"
        else sum(prediction.reason is Abstention.UNSURE for prediction in found) / count,
        "prompt_tokens": prompt / count,
        "cached_share": sum(usage.cached_tokens for usage in used) / prompt if prompt else 0.0,
        "completion_tokens": sum(usage.completion_tokens for usage in used) / count,
        "usd_per_1000": 1000 * sum(usage.cost_usd for usage in used) / count,
        "p50_ms": statistics.median(times),
        "p90_ms": times[int(0.9 * (count - 1))],
    }
