"""Compares this project's classifiers with what a user would pick instead, on the same splits.

    make bench-classify DATA=../shared/data ARGS="--only local,SetFit --splits banking77/5shot"

Each contender runs on each split in a process of its own, in the product's environment or in that
of the peers. Results are kept in .benchmarks/classify: `--resume` measures only what is missing,
and the report is of all that is kept. A model is asked where OPENAI_API_KEY is set.
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
    parser.add_argument("--data", type=Path, action="append", help="folder of train*.csv, test.csv")
    parser.add_argument("--only", help="names of contenders, by commas")
    parser.add_argument("--splits", help="such as banking77/5shot, or a part of it, by commas")
    parser.add_argument("--quick", action="store_true", help="5-shot, 300 messages: minutes")
    parser.add_argument("--resume", action="store_true", help="measure only what is missing")
    parser.add_argument("--llm-sample", type=int, default=200, help="messages asked of a model")
    parser.add_argument("--write", choices=["docs"], help="write docs/benchmarks.md and its chart")
    return parser.parse_args()


def chosen(wanted: str | None, names: list[str]) -> list[str]:
    """Names that contain one of the wanted parts; all where nothing is wanted."""
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
    """Measure what is asked for, and add what is kept of the same splits."""
    found: list[dict[str, Any]] = []
    every = list(splits(data))
    wanted = chosen(given.splits or ("5shot" if plan.quick else None), [one.title for one in every])
    only = chosen(given.only, [one.name for one in ENTRIES])
    for split in (one for one in every if one.title in wanted):
        for entry in ENTRIES:
            kept = stored(entry, split, plan)
            if entry.name in only and not (given.resume and kept) and not entry.left_out():
                kept = measured(entry, data, split, plan)
            found += [kept] if kept else []
    return found


def page(results: list[dict[str, Any]], plan: Plan) -> str:
    notes = [f"- {one.name}: {one.note}." for one in ENTRIES]
    notes += [f"- {one.name} was left out: {why}." for one in ENTRIES if (why := one.left_out())]
    stated = ", ".join(f"{name} {number}" for name, number in versions())
    parts = [f"{today()}, {machine()}; {stated}."]
    parts += [f"A quick run: {plan.test_size} test messages of each."] if plan.quick else []
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
            "nothing was measured: --data needs folders with train*.csv and test.csv, --splits and "
            f"--only parts of their names; contenders are {', '.join(one.name for one in ENTRIES)}"
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
