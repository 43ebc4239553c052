"""Format the figures as Markdown tables."""

from collections.abc import Sequence
from typing import Any


def report(found: dict[str, Any]) -> str:
    """Return all tables, in the order of the measurements."""
    parts = [_routes(found["routes"])]
    if found["cascade"]:
        parts.append(_cascade(found["cascade"]))
    if found["permutations"]:
        parts.append(_permutations(found["permutations"], found["majority"]))
    if found["injection"]:
        parts.append(_injection(found["injection"]))
    if found["simulated"]:
        parts.append(_simulated(found["simulated"]))
    return "\n\n".join(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _routes(rows: Sequence[dict[str, Any]]) -> str:
    heads = (
        "data", "route", "messages", "accuracy %", "invalid %", "declined %", "tokens in",
        "cached %", "tokens out", "$ per 1,000", "p50 ms", "p90 ms",
    )  # fmt: skip
    return _table(
        heads,
        [
            (
                one["desk"],
                one["route"],
                str(one["messages"]),
                _percent(one["accuracy"]),
                _percent(one["invalid"]),
                _percent(one["declined"]),
                f"{one['prompt_tokens']:,.0f}",
                _percent(one["cached_share"]),
                f"{one['completion_tokens']:.0f}",
                f"{one['usd_per_1000']:.3f}",
                f"{one['p50_ms']:,.0f}",
                f"{one['p90_ms']:,.0f}",
            )
            for one in rows
        ],
    )


def _cascade(desks: dict[str, Any]) -> str:
    rows = []
    for name, found in desks.items():
        best = max(found["curve"], key=lambda one: (one["accuracy"], -one["share"]))
        points = (
            ("local only", found["curve"][0]),
            ("LLM only", found["curve"][-1]),
            ("best on this sample", best),
            ("default, no judged answers", found["chosen"]["fresh"]),
            ("default, half judged", found["chosen"]["judged"]),
        )
        rows += [
            (
                name,
                words,
                f"{at['threshold']:.2f}",
                _percent(at["share"]),
                _percent(at["accuracy"]),
                f"{at['usd_per_1000']:.3f}",
            )
            for words, at in points
        ]
    heads = (
        "data",
        "LLM is called",
        "below confidence",
        "LLM calls %",
        "accuracy %",
        "$ per 1,000",
    )
    return _table(heads, rows)


def _permutations(orders: Sequence[dict[str, Any]], majority: Sequence[dict[str, Any]]) -> str:
    first = _table(
        (
            "data",
            "messages",
            "nearest last %",
            "lowest order %",
            "highest order %",
            "answers changed %",
        ),
        [
            (
                one["desk"],
                str(one["messages"]),
                _percent(one["nearest_last"]),
                _percent(one["lowest"]),
                _percent(one["highest"]),
                _percent(one["changed"]),
            )
            for one in orders
        ],
    )
    second = _table(
        ("data", "messages", "wrong label, balanced %", "the same, with a majority of it %"),
        [
            (
                one["desk"],
                str(one["messages"]),
                _percent(one["balanced"]),
                _percent(one["planted_majority"]),
            )
            for one in majority
        ],
    )
    return f"{first}\n\n{second}"


def _injection(rows: Sequence[dict[str, Any]]) -> str:
    return _table(
        ("attack", "in", "messages", "wrong label", "wrong label with polite words", "p"),
        [
            (
                one["attack"],
                one["place"],
                str(one["messages"]),
                str(one["with_order"]),
                str(one["with_polite_words"]),
                f"{one['p']:.3f}",
            )
            for one in rows
        ],
    )


def _simulated(rows: Sequence[dict[str, Any]]) -> str:
    return _table(
        (
            "data", "simulated LLM %", "its errors", "local only %", "LLM calls at default %",
            "accuracy %", "LLM calls at best threshold %", "accuracy %", "ECE of given labels %",
        ),
        [
            (
                one["desk"],
                _percent(one["accuracy"]),
                one["errors"],
                _percent(one["local"]),
                _percent(one["default"]["share"]),
                _percent(one["default"]["accuracy"]),
                _percent(one["best"]["share"]),
                _percent(one["best"]["accuracy"]),
                _percent(one["joined_ece"]),
            )
            for one in rows
        ],
    )  # fmt: skip
