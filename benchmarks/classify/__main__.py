"""Compare this project's classifiers with the alternatives a user has, on the same splits.

    make bench-classify DATA=../shared/data ARGS="--only local,SetFit --splits banking77/5shot"

Each contender runs on each split in a separate process, in the product's environment or in that of
its peers. Results are kept in .benchmarks/classify. `--resume` measures only missing results, and
the report covers all kept results. LLMs are called if OPENAI_API_KEY or OPENAI_BASE_URL is set.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.classify.contender import ENTRIES, PEERS, Entry
from benchmarks.classify.data import Split, splits
from benchmarks.classify.machine import machine, today
from benchmarks.classify.report import report
from benchmarks.classify.run import QUICK, RESULTS, Plan, run, stored, versions
from benchmarks.pages import write_part

_CHART = Path("docs/pictures/accuracy.png")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.classify",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, action="append", help="folder with train*.csv and test.csv"
    )
    parser.add_argument("--only", help="contenders, by parts of their names, separated by commas")
    parser.add_argument("--splits", help="splits such as banking77/5shot, or parts of their names")
    parser.add_argument("--quick", action="store_true", help="5-shot, 300 messages: takes minutes")
    parser.add_argument("--resume", action="store_true", help="measure only missing results")
    parser.add_argument("--llm-sample", type=int, default=200, help="messages per LLM contender")
    parser.add_argument("--write", choices=["docs"], help="write docs/benchmarks.md and its chart")
    return parser.parse_args()


def chosen(wanted: str | None, names: list[str]) -> list[str]:
    """Return the names that contain any of the wanted parts, or all names if `wanted` is None."""
    if wanted is None:
        return names
    parts = [part.strip().casefold() for part in wanted.split(",")]
    return [name for name in names if any(part in name.casefold() for part in parts)]


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def measured(entry: Entry, data: Path, split: Split, plan: Plan) -> dict[str, Any]:
    found = run(entry, data, split, plan)
    figure = found.get("error") or f"accuracy {100 * found['accuracy']:.1f}"
    say(f"{split.title}: {entry.name}: {figure} ({found['took_s']:.0f} s)")
    return found


def collect(given: argparse.Namespace, data: Path, plan: Plan) -> list[dict[str, Any]]:
    """Measure the chosen contenders and splits; add the kept results of the same splits."""
    found: list[dict[str, Any]] = []
    every = list(splits(data))
    wanted = chosen(
        given.splits or ("5shot" if plan.quick else None), [split.title for split in every]
    )
    only = chosen(given.only, [entry.name for entry in ENTRIES])
    for split in (split for split in every if split.title in wanted):
        for entry in ENTRIES:
            kept = stored(entry, split, plan)
            if entry.name in only and not (given.resume and kept) and not entry.left_out():
                kept = measured(entry, data, split, plan)
            found += [kept] if kept else []
    return found


def page(results: list[dict[str, Any]], plan: Plan) -> str:
    notes = [f"- {entry.name}: {entry.note}." for entry in ENTRIES]
    notes += [
        f"- {entry.name} was left out: {why}." for entry in ENTRIES if (why := entry.left_out())
    ]
    stated = ", ".join(f"{name} {number}" for name, number in versions())
    parts = [f"{today()}, {machine()}; {stated}."]
    parts += [f"Quick run: {plan.test_size} test messages per split."] if plan.quick else []
    parts += [report(results), "\n".join(notes)]
    return "\n\n".join(parts)


def main() -> None:
    given = arguments()
    plan = QUICK if given.quick else Plan(llm_test_size=given.llm_sample)
    for entry in ENTRIES:
        if why := entry.left_out():
            say(f"{entry.name} is left out: {why}")
    results: list[dict[str, Any]] = []
    for data in given.data or [Path("../shared/data")]:
        results += collect(given, data, plan)
    if not results:
        sys.exit(
            "nothing was measured. --data needs folders with train*.csv and test.csv; --splits and "
            "--only need parts of names. Contenders: "
            f"{', '.join(entry.name for entry in ENTRIES)}."
        )
    text = page(results, plan)
    print(text)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "results.json").write_text(json.dumps(results, indent=1))
    say(f"JSON: {RESULTS / 'results.json'}")
    if given.write:
        write_part(
            "classify",
            text + f"\n\n![Accuracy against examples per label]({_CHART.relative_to('docs')})",
        )
        subprocess.run(  # noqa: S603 - our own module
            [PEERS, "-m", "benchmarks.classify.chart", _CHART],
            input=json.dumps(results).encode(),
            check=True,
        )


if __name__ == "__main__":
    main()
