"""Draws the confusion matrix of a comparison."""

from collections import Counter

import numpy as np

from learning.pictures import figure, plain, png

_LABELS_MAX = 30
_DARK = 0.5  # the share from which a cell is dark enough for white text


def confusion_png(counts: Counter[tuple[str, str]], title: str) -> bytes:
    """Return a PNG with true labels as rows, predicted labels as columns, row shares as shades.

    Of more than 30 labels, only the 30 that are confused most are drawn.
    """
    wrong: Counter[str] = Counter()
    for (true, predicted), count in counts.items():
        if true != predicted:
            wrong.update({true: count, predicted: count})
    every = sorted({name for pair in counts for name in pair})
    names = sorted(every, key=lambda name: (-wrong[name], name))[:_LABELS_MAX]
    names = [name for name in every if name in names]
    rows = [[counts[true, predicted] for predicted in names] for true in names]
    table = np.array(rows, dtype=float)
    totals = np.array([sum(n for (t, _), n in counts.items() if t == true) for true in names])
    shares = table / np.maximum(totals, 1)[:, None]
    side = 2.5 + 0.32 * len(names)
    drawn = figure(side + 0.6, side)
    axes = drawn.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    labels = [plain(name) or "none" for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title, fontsize=10)
    for row, column in zip(*np.nonzero(table), strict=True):
        colour = "white" if shares[row, column] > _DARK else "black"
        number = f"{table[row, column]:.0f}"
        axes.text(column, row, number, ha="center", va="center", color=colour, fontsize=7)
    return png(drawn)
