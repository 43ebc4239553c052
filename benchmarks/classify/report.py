"""Format results as Markdown."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Result = dict[str, Any]
_NONE = "-"

_COLUMNS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("contender", lambda one: one["contender"]),
    ("accuracy", lambda one: _share(one["accuracy"])),
    ("macro F1", lambda one: _share(one["macro_f1"])),
    ("ECE", lambda one: _share(one["ece"])),
    ("coverage at 95 %", lambda one: _share(one["coverage"])),
    ("AUROC unknown", lambda one: _plain(one["auroc_unknown"], 3)),
    ("train s", lambda one: _plain(one["train_s"], 1)),
    ("train CPU s", lambda one: _plain(one["train_cpu_s"], 1)),
    ("msg/s", lambda one: _plain(one["per_second"], 0)),
    ("p50 ms", lambda one: _plain(one["p50_ms"], 1)),
    ("p99 ms", lambda one: _plain(one["p99_ms"], 1)),
    ("CPU ms", lambda one: _plain(one["cpu_ms"], 1)),
    ("start s", lambda one: _plain(one["start_s"], 1)),
    ("peak MB", lambda one: _plain(one["peak_mb"], 0)),
)
_SCOPE = ("AUROC out of scope", lambda one: _plain(one["auroc_out_of_scope"], 3))
_LLM = (
    ("LLM calls %", lambda one: _share(one["asked_llm"])),
    ("tokens/1,000", lambda one: _plain(one["tokens_per_1000"], 0)),
    ("$/1,000", lambda one: _plain(one["usd_per_1000"], 3)),
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
    good = [one for one in results if "error" not in one]
    columns = list(_COLUMNS)
    if any(one["auroc_out_of_scope"] is not None for one in good):
        columns.insert(6, _SCOPE)
    if any(one["asked_llm"] for one in good):
        columns += _LLM
    title = (
        f"### {first['dataset']}, {first['split']}: {first['labels']} labels, "
        f"{first['per_label']:.0f} examples each"
    )
    rows = [[show(one) for _, show in columns] for one in good]
    parts = [title, table([name for name, _ in columns], rows)]
    return "\n\n".join([*parts, *_notes(results)])


def _notes(results: Sequence[Result]) -> list[str]:
    notes = []
    good = [one for one in results if "error" not in one]
    seen = max((one["seen_in_training"] for one in good), default=0)
    if seen:
        rest = [f"{one['contender']} {_share(one['accuracy_unseen'])}" for one in good]
        notes.append(
            f"Accuracy without the {seen} test texts that are in training: {', '.join(rest)}."
        )
    most = max((one["examples"] for one in good), default=0)
    notes += [
        f"{one['contender']} was tested on {one['examples']} messages."
        for one in good
        if one["examples"] < most
    ]
    notes += [f"{one['contender']}: {one['note']}." for one in good if one.get("note")]
    notes += [f"{one['contender']} failed: {one['error']}." for one in results if "error" in one]
    return notes


def report(results: Sequence[Result]) -> str:
    """Return a section for each split, in the order of the results."""
    titles = dict.fromkeys((one["dataset"], one["split"]) for one in results)
    return "\n\n".join(
        section([one for one in results if (one["dataset"], one["split"]) == title])
        for title in titles
    )
