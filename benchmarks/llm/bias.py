"""Measure if the order of shots, or a majority of a label among them, changes the answer."""

import random
from dataclasses import replace
from typing import Any

from benchmarks.llm.asked import Asker
from benchmarks.llm.desks import Desk
from classifiers.base import Neighbour
from classifiers.config import FewShot
from classifiers.llm.selection import Selection, select

_PLANTED = 4
_SHOTS = 6


async def permuted(desk: Desk, asker: Asker, limits: FewShot, orders: int) -> dict[str, Any]:
    """Return figures for our order of shots and for `orders` shuffled orders."""
    rng = random.Random(0)  # noqa: S311 - repeatable on purpose
    rows: list[list[str | None]] = []
    for text, _ in desk.asked:
        ours = select(desk.retrieval, desk.labels, text, limits)
        shuffled = [
            replace(ours, shots=tuple(rng.sample(ours.shots, len(ours.shots))))
            for _ in range(orders)
        ]
        rows.append([await asker.label(one, text) for one in (ours, *shuffled)])
    truth = [label for _, label in desk.asked]
    hits = [
        sum(row[column] == label for row, label in zip(rows, truth, strict=True)) / len(truth)
        for column in range(orders + 1)
    ]
    return {
        "desk": desk.name,
        "messages": len(rows),
        "orders": orders,
        "nearest_last": hits[0],
        "lowest": min(hits[1:]),
        "highest": max(hits[1:]),
        "changed": sum(len(set(row)) > 1 for row in rows) / len(rows),
    }


async def majority(desk: Desk, asker: Asker, limits: FewShot) -> dict[str, Any]:
    """Return how often a wrong label is answered with balanced shots, and with a majority of it."""
    rng = random.Random(0)  # noqa: S311 - repeatable on purpose
    balanced = planted = 0
    for text, label in desk.asked:
        ours = select(desk.retrieval, desk.labels, text, limits)
        wrong = rng.choice([one.label for one in ours.shots if one.label != label])
        examples = [text for text, name in desk.taught if name == wrong]
        more = [
            Neighbour(one, wrong, 0.0) for one in rng.sample(examples, min(_PLANTED, len(examples)))
        ]
        loaded = replace(ours, shots=(*ours.shots[-_SHOTS:], *more))
        balanced += await asker.label(_fair(ours), text) == wrong
        planted += await asker.label(loaded, text) == wrong
    count = len(desk.asked)
    return {
        "desk": desk.name,
        "messages": count,
        "balanced": balanced / count,
        "planted_majority": planted / count,
    }


def _fair(ours: Selection) -> Selection:
    return replace(ours, shots=ours.shots[-_SHOTS:])
