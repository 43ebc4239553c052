"""The gate's report as plain lines: figures side by side, the verdict, and where they differ."""

from collections.abc import Iterator

from learning.gate.comparison import Comparison, Side
from learning.gate.verdict import Verdict

_LABELS = 5
_MESSAGES = 5
_CONFUSIONS = 5
_TEXT = 70


def _row(name: str, old: str, new: str) -> str:
    return f"{name:<22}{old:>14}{new:>14}"


def _figures(old: Side, new: Side) -> Iterator[str]:
    yield _row("", "champion", "challenger")
    for name, key in (
        ("accuracy", "accuracy"),
        ("macro F1", "macro_f1"),
        ("calibration error", "ece"),
        ("coverage at target", "coverage"),
        ("given a label", "answered"),
        ("of those right", "precision"),
    ):
        yield _row(name, *(f"{getattr(side.figures, key):.1%}" for side in (old, new)))
    yield _row(
        "p50 / p99 ms", *(f"{s.figures.p50_ms:.0f} / {s.figures.p99_ms:.0f}" for s in (old, new))
    )
    yield _row("$ for 1,000 messages", *(f"{side.usd_per_1000:.2f}" for side in (old, new)))


def _labels(found: Comparison) -> Iterator[str]:
    moved = sorted(
        (one for one in found.labels if one.change.gained != one.change.lost),
        key=lambda one: -abs(one.change.gained - one.change.lost),
    )
    for one in moved[:_LABELS]:
        old, new = (
            side.figures.per_label[one.label] for side in (found.champion, found.challenger)
        )
        yield (
            f"  {one.label}: found {old.recall:.0%} -> {new.recall:.0%} of {one.change.size}, "
            f"F1 {old.f1:.2f} -> {new.f1:.2f}"
        )


def _confusions(found: Comparison) -> Iterator[str]:
    wrong = {pair: n for pair, n in found.confusion.items() if pair[0] != pair[1]}
    for (true, said), count in sorted(wrong.items(), key=lambda one: -one[1])[:_CONFUSIONS]:
        yield f"  {true} taken for {said or 'nothing'}: {count}"


def _differences(found: Comparison) -> Iterator[str]:
    ordered = sorted(found.differences, key=lambda one: one.challenger == one.label)
    for one in ordered[:_MESSAGES]:
        text = " ".join(one.text.split())
        short = text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
        yield f"  “{short}” is {one.label}: {one.champion} -> {one.challenger}"


def verdict_lines(verdict: Verdict) -> list[str]:
    """The decision in words, why, and what is missing."""
    lines = ["PROMOTE the challenger" if verdict.promote else "KEEP the champion"]
    lines += [f"  because: {one}" for one in verdict.reasons]
    lines += [f"  missing: {one}" for one in verdict.missing]
    return lines


def report(found: Comparison, verdict: Verdict) -> list[str]:
    """All of it, plain text, one line each; texts are as untrusted as they came."""
    change = found.change
    low, high = found.interval
    counts = f"the challenger gained {change.gained} and lost {change.lost}"
    interval = f"{change.gain:+.1%} accuracy, interval {low:+.1%} to {high:+.1%}"
    lines = [
        *_figures(found.champion, found.challenger),
        "",
        f"On {change.size} held-out messages {counts}:",
        f"  {interval}, exact McNemar p = {change.p:.3f}",
        "",
        *verdict_lines(verdict),
    ]
    for title, part in (
        ("Labels that changed most", list(_labels(found))),
        ("What the challenger takes for what", list(_confusions(found))),
        ("Messages on which they differ, the challenger's errors first", list(_differences(found))),
    ):
        if part:
            lines += ["", f"{title}:", *part]
    return lines
