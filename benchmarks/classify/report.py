"""Format results as Markdown."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Result = dict[str, Any]
_NONE = "-"

_COLUMNS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("contender", lambda result: result["contender"]),
    ("accuracy", lambda result: _share(result["accuracy"])),
    ("macro F1", lambda result: _share(result["macro_f1"])),
    ("ECE", lambda result: _share(result["ece"])),
    ("coverage at 95 %", lambda result: _share(result["coverage"])),
    ("AUROC unknown", lambda result: _plain(result["auroc_unknown"], 3)),
    ("train s", lambda result: _plain(result["train_s"], 1)),
    ("train CPU s", lambda result: _plain(result["train_cpu_s"], 1)),
    ("msg/s", lambda result: _plain(result["per_second"], 0)),
    ("p50 ms", lambda result: _plain(result["p50_ms"], 1)),
    ("p99 ms", lambda result: _plain(result["p99_ms"], 1)),
    ("CPU ms", lambda result: _plain(result["cpu_ms"], 1)),
    ("start s", lambda result: _plain(result["start_s"], 1)),
    ("peak MB", lambda result: _plain(result["peak_mb"], 0)),
)
_SCOPE = ("AUROC out of scope", lambda result: _plain(result["auroc_out_of_scope"], 3))
_LLM = (
    ("LLM calls %", lambda result: _share(result["asked_llm"])),
    ("tokens/1,000", lambda result: _plain(result["tokens_per_1000"], 0)),
    ("$/1,000", lambda result: _plain(result["usd_per_1000"], 3)),
)


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{100 * value:.1f}"


def _plain(value: float | None, digits: int) -> str:
    return _NONE if value is None else f"{value:,.{digits}f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are right-aligned except the first."""
    lines = [f"| {' | '.join(header)} |", f"| --- |{' ---: |' * (len(header) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def section(results: Sequence[Result]) -> str:
    """Return the table of a split, followed by notes on failures and on texts seen in training."""
    first = results[0]
    good = [result for result in results if "error" not in result]
    columns = list(_COLUMNS)
    if any(result["auroc_out_of_scope"] is not None for result in good):
        columns.insert(6, _SCOPE)
    if any(result["asked_llm"] for result in good):
        columns += _LLM
    title = (
        f"### {first['dataset']}, {first['split']}: {first['labels']} labels, "
        f"{first['per_label']:.0f} examples each"
    )
    rows = [[show(result) for _, show in columns] for result in good]
    parts = [title, table([name for name, _ in columns], rows)]
    return "\n\n".join([*parts, *_notes(results)])


def _notes(results: Sequence[Result]) -> list[str]:
    notes = []
    good = [result for result in results if "error" not in result]
    seen = max((result["seen_in_training"] for result in good), default=0)
    if seen:
        rest = [f"{result['contender']} {_share(result['accuracy_unseen'])}" for result in good]
        notes.append(
            f"Accuracy without the {seen} test texts that are in training: {', '.join(rest)}."
        )
    most = max((result["examples"] for result in good), default=0)
    notes += [
        f"{result['contender']} was tested on {result['examples']} messages."
        for result in good
        if result["examples"] < most
    ]
    notes += [f"{result['contender']}: {result['note']}." for result in good if result.get("note")]
    notes += [
        f"{result['contender']} failed: {result['error']}."
        for result in results
        if "error" in result
    ]
    return notes


def report(results: Sequence[Result]) -> str:
    """Return a section for each split, in the order of the results."""
    titles = dict.fromkeys((result["dataset"], result["split"]) for result in results)
    return "\n\n".join(
        section([result for result in results if (result["dataset"], result["split"]) == title])
        for title in titles
    )
