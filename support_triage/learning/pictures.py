"""Pictures as PNG; matplotlib is loaded when the first one is drawn."""

import io
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from support_triage.classifiers.printable import printable
from support_triage.learning.curve import Curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABELS_MAX = 30
_NAME = 24
_DARK = 0.5


def figure(width: float, height: float) -> "Figure":
    """An empty figure in inches, drawn without a screen."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second and is rarely needed

    return Figure(figsize=(width, height), layout="constrained")


def png(drawn: "Figure") -> bytes:
    """The figure as PNG."""
    file = io.BytesIO()
    drawn.savefig(file, format="png", dpi=130)
    return file.getvalue()


def plain(name: str) -> str:
    """Return a name that is drawn as it is: no mathematics, no controls, not too long."""
    return printable(name, _NAME).replace("$", r"\$")


def confusion_png(counts: Counter[tuple[str, str]], title: str) -> bytes:
    """True labels as rows, predicted ones as columns; each row's shares as shades.

    With more than 30 labels, those that are confused most.
    """
    wrong: Counter[str] = Counter()
    for (true, said), count in counts.items():
        if true != said:
            wrong.update({true: count, said: count})
    every = sorted({name for pair in counts for name in pair})
    names = sorted(every, key=lambda name: (-wrong[name], name))[:_LABELS_MAX]
    names = [name for name in every if name in names]
    table = np.array([[counts[true, said] for said in names] for true in names], dtype=float)
    totals = np.array([sum(n for (t, _), n in counts.items() if t == true) for true in names])
    shares = table / np.maximum(totals, 1)[:, None]
    side = 2.5 + 0.32 * len(names)
    drawn = figure(side + 0.6, side)
    axes = drawn.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    labels = [plain(name) or "none" for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    axes.set_xlabel("said")
    axes.set_ylabel("true")
    axes.set_title(title, fontsize=10)
    for row, column in zip(*np.nonzero(table), strict=True):
        colour = "white" if shares[row, column] > _DARK else "black"
        number = f"{table[row, column]:.0f}"
        axes.text(column, row, number, ha="center", va="center", color=colour, fontsize=7)
    return png(drawn)


def curve_png(curve: Curve, target: float) -> bytes:
    """Measured accuracies, what the power law expects, both with intervals, and the target."""
    drawn = figure(6.4, 4.0)
    axes = drawn.add_subplot()
    parts = (
        (curve.measured, "black", "-o", "measured, cross-validated"),
        ((curve.now, *curve.expected), "tab:blue", "--o", "expected by the power law"),
    )
    for points, colour, style, name in parts:
        sizes = [one.examples for one in points]
        axes.fill_between(
            sizes,
            [100 * one.low for one in points],
            [100 * one.high for one in points],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        axes.plot(sizes, [100 * one.accuracy for one in points], style, color=colour, label=name)
    axes.axhline(100 * target, color="tab:red", linewidth=1, linestyle=":", label="target")
    ticks = [one.examples for one in (*curve.measured, *curve.expected)]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], rotation=45, fontsize=8)
    axes.minorticks_off()
    axes.set_xlabel("examples (log scale)")
    axes.set_ylabel("accuracy, %, with 90 % intervals")
    axes.set_title("What more examples bring the local model", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower right", fontsize=8)
    return png(drawn)
