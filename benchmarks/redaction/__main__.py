"""Compare redaction with tools that need no language model.

    make bench-redaction DATA=../shared/data ARGS="--write docs"

Messages come from a seeded generator. The test parts in the data folder are texts without
identifiers.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.classify.data import read
from benchmarks.classify.machine import machine, today
from benchmarks.classify.report import table
from benchmarks.pages import write_part
from benchmarks.redaction.generator import MAKERS, SEED, bare_phones, disguised, messages
from benchmarks.redaction.independent import made_by_faker
from benchmarks.redaction.measure import measure, slowest_ms, touched
from benchmarks.redaction.tools import TOOLS, Redactor, Tool

_RESULTS = Path(".benchmarks/redaction")
_PATIENCE_S = 60


def figures(tool: Tool, count: int, data: Path) -> dict[str, Any]:
    """Return all figures of a tool."""
    started = time.perf_counter()
    redact = tool.make()
    redact("warm")
    start_s = time.perf_counter() - started
    slowest, whole = slowest_ms(redact, _PATIENCE_S)
    return {
        "tool": tool.name,
        "kinds": sorted(tool.kinds),
        "start_s": start_s,
        **asdict(measure(redact, messages(count))),
        "disguised": _recall(redact, tool, disguised(max(1, count // 5))),
        "faker": _recall(redact, tool, list(made_by_faker(count))),
        "bare_phones": _recall(redact, tool, bare_phones(count)),
        "slowest_ms": slowest,
        "slowest_is_of_all": whole,
        "touched_real": _touched(redact, data),
    }


def _recall(redact: Redactor, tool: Tool, made: Any) -> float | None:
    known = [one for one in made if one.kind in tool.kinds]
    if not known:
        return None
    found = measure(redact, known).recall
    return sum(found[one.kind] for one in known) / len(known)


def _touched(redact: Redactor, data: Path) -> dict[str, float]:
    found: dict[str, list[str]] = {}
    for path in [*sorted(data.glob("**/test.csv")), *sorted(data.glob("xsid/*.csv"))]:
        found.setdefault(path.parent.name, []).extend(text for text, _ in read(path))
    return {name: len(touched(redact, texts)) / len(texts) for name, texts in found.items()}


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def page(rows: list[dict[str, Any]], count: int) -> str:
    kinds = list(MAKERS)
    recall = [
        [
            row["tool"],
            *(_percent(row["recall"][kind] if kind in row["kinds"] else None) for kind in kinds),
            _percent(row["disguised"]),
            _percent(row["faker"]),
            _percent(row["bare_phones"]),
        ]
        for row in rows
    ]
    precision = [
        [row["tool"], *(_percent(row["precision"].get(kind)) for kind in kinds)] for row in rows
    ]
    real = list(rows[0]["touched_real"])
    others = [
        [
            row["tool"],
            _percent(row["touched"]),
            *(f"{100 * row['touched_real'][name]:.2f}" for name in real),
            f"{row['median_us']:,.0f}",
            f"{row['p99_us']:,.0f}",
            f"{'' if row['slowest_is_of_all'] else '> '}{row['slowest_ms']:,.0f}",
            f"{row['start_s']:.1f}",
        ]
        for row in rows
    ]
    header = ["tool", "hard negatives touched, %", *(f"{name} touched, %" for name in real)]
    header += ["median µs", "p99 µs", "40,000 hostile characters, ms", "start s"]
    return "\n\n".join(
        [
            f"{today()}, {machine()}; seed {SEED}, {count} messages per kind.",
            "Recall, %: the whole value is removed (- is a kind that the tool does not know).",
            table(["tool", *kinds, "disguised", "by Faker", "bare phone"], recall),
            "Precision, %: the share of a kind's placeholders that are not in a hard negative.",
            table(["tool", *kinds], precision),
            table(header, others),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.redaction", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--count", type=int, default=1000, help="messages per kind")
    parser.add_argument("--only", help="a part of a tool's name")
    parser.add_argument("--write", choices=["docs"], help="write docs/benchmarks.md")
    given = parser.parse_args()
    rows = [
        figures(tool, given.count, given.data)
        for tool in TOOLS
        if not given.only or given.only in tool.name
    ]
    text = page(rows, given.count)
    print(text)
    _RESULTS.mkdir(parents=True, exist_ok=True)
    (_RESULTS / "results.json").write_text(json.dumps(rows, indent=1))
    if given.write:
        write_part("redaction", text)


if __name__ == "__main__":
    main()
