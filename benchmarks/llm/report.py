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
                row["desk"],
                row["route"],
                str(row["messages"]),
                _percent(row["accuracy"]),
                _percent(row["invalid"]),
                _percent(row["declined"]),
                f"{row['prompt_tokens']:,.0f}",
                _percent(row["cached_share"]),
                f"{row['completion_tokens']:.0f}",
                f"{row['usd_per_1000']:.3f}",
                f"{row['p50_ms']:,.0f}",
                f"{row['p90_ms']:,.0f}",
            )
            for row in rows
        ],
    )


def _cascade(desks: dict[str, Any]) -> str:
    rows = []
    for name, found in desks.items():
        best = max(found["curve"], key=lambda row: (row["accuracy"], -row["share"]))
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
                row["desk"],
                str(row["messages"]),
                _percent(row["nearest_last"]),
                _percent(row["lowest"]),
                _percent(row["highest"]),
                _percent(row["changed"]),
            )
            for row in orders
        ],
    )
    second = _table(
        ("data", "messages", "wrong label, balanced %", "the same, with a majority of it %"),
        [
            (
                row["desk"],
                str(row["messages"]),
                _percent(row["balanced"]),
                _percent(row["planted_majority"]),
            )
            for row in majority
        ],
    )
    return f"{first}\n\n{second}"


def _injection(rows: Sequence[dict[str, Any]]) -> str:
    return _table(
        ("attack", "in", "messages", "wrong label", "wrong label with polite words", "p"),
        [
            (
                row["attack"],
                row["place"],
                str(row["messages"]),
                str(row["with_order"]),
                str(row["with_polite_words"]),
                f"{row['p']:.3f}",
            )
            for row in rows
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
                row["desk"],
                _percent(row["accuracy"]),
                row["errors"],
                _percent(row["local"]),
                _percent(row["default"]["share"]),
                _percent(row["default"]["accuracy"]),
                _percent(row["best"]["share"]),
                _percent(row["best"]["accuracy"]),
                _percent(row["joined_ece"]),
            )
            for row in rows
        ],
    )  # fmt: skip
