"""The gate's report as plain lines: the result, figures side by side, the verdict, differences."""

from collections.abc import Iterator

from learning.gate.comparison import Comparison, LabelChange, Side
from learning.gate.paired import Paired
from learning.gate.verdict import Verdict, more_right

_LABELS = 5
_MESSAGES = 5
_CONFUSIONS = 5
_TEXT = 70


def _row(name: str, old: str, new: str) -> str:
    return f"{name:<24}{old:>14}{new:>14}"


def _shares(old: Side, new: Side, *rows: tuple[str, str]) -> Iterator[str]:
    for name, key in rows:
        yield _row(name, *(f"{getattr(side.figures, key):.1%}" for side in (old, new)))


def _figures(old: Side, new: Side) -> Iterator[str]:
    yield _row("", "model in use", "new model")
    yield from _shares(
        old,
        new,
        ("best guess right", "accuracy"),
        ("given a label", "answered"),
        ("of those right", "precision"),
    )
    yield _row("usual time in ms", *(f"{side.figures.p50_ms:.0f}" for side in (old, new)))
    yield _row("$ for 1,000 requests", *(f"{side.usd_per_1000:.2f}" for side in (old, new)))


def _statistics(found: Comparison) -> Iterator[str]:
    old, new, (low, high) = found.champion, found.challenger, found.interval
    yield _row("Statistics", "model in use", "new model")
    yield from _shares(
        old,
        new,
        ("macro F1", "macro_f1"),
        ("calibration error (ECE)", "ece"),
        ("coverage at target", "coverage"),
    )
    yield _row(
        "p50 / p99 ms", *(f"{s.figures.p50_ms:.0f} / {s.figures.p99_ms:.0f}" for s in (old, new))
    )
    yield f"accuracy {found.change.gain:+.1%}, interval {low:+.1%} to {high:+.1%}"
    yield f"exact McNemar p = {found.change.p:.3f}"


def _labels(found: Comparison, *, verbose: bool) -> Iterator[str]:
    moved = sorted(
        (label for label in found.labels if label.change.gained != label.change.lost),
        key=lambda label: -abs(label.change.gained - label.change.lost),
    )
    for label in moved[:_LABELS]:
        yield _label(found, label, verbose=verbose)


def _label(found: Comparison, moved: LabelChange, *, verbose: bool) -> str:
    old, new = (side.figures.per_label[moved.label] for side in (found.champion, found.challenger))
    line = f"  {moved.label}: found {old.recall:.0%} -> {new.recall:.0%} of {moved.change.size}"
    if verbose:
        line += f", F1 {old.f1:.2f} -> {new.f1:.2f}, p of a loss {moved.p_worse:.3f}"
    return line


def _confusions(found: Comparison) -> Iterator[str]:
    wrong = {pair: n for pair, n in found.confusion.items() if pair[0] != pair[1]}
    for (true, guess), count in sorted(wrong.items(), key=lambda item: -item[1])[:_CONFUSIONS]:
        yield f"  {true} taken for {guess or 'nothing'}: {count}"


def _differences(found: Comparison) -> Iterator[str]:
    errors_first = sorted(found.differences, key=lambda one: one.challenger == one.label)
    for difference in errors_first[:_MESSAGES]:
        text = " ".join(difference.text.split())
        short = text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
        guesses = f"{difference.champion} -> {difference.challenger}"
        yield f"  “{short}” is {difference.label}: {guesses}"


def verdict_lines(verdict: Verdict) -> list[str]:
    """Return the decision, its reasons, and what is missing for a promotion."""
    lines = ["PROMOTE the new model" if verdict.promote else "KEEP the model in use"]
    lines += [f"  because: {reason}" for reason in verdict.reasons]
    lines += [f"  missing: {condition}" for condition in verdict.missing]
    return lines


def result_line(change: Paired) -> str:
    """Return the difference in requests that were labelled right, in one sentence."""
    counts = f"{change.gained:,} gained, {change.lost:,} lost"
    return f"The new model {more_right(change)} ({counts})."


def report(found: Comparison, verdict: Verdict, *, verbose: bool = False) -> list[str]:
    """Return the report as plain text, one line each; the texts of requests are not escaped.

    With `verbose`, add F1, calibration, coverage, times of the slowest, interval and p-values.
    """
    lines = [
        result_line(found.change),
        "Neither model was trained on these requests.",
        "",
        *_figures(found.champion, found.challenger),
        "",
        *verdict_lines(verdict),
    ]
    for title, part in (
        ("Labels that changed most", list(_labels(found, verbose=verbose))),
        ("Labels that the new model confuses most", list(_confusions(found))),
        ("Requests on which they differ, the new model's errors first", list(_differences(found))),
    ):
        if part:
            lines += ["", f"{title}:", *part]
    return [*lines, "", *_statistics(found)] if verbose else lines
