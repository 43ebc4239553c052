"""Draws the learning curve."""

from learning.advice.curve import Curve
from learning.pictures import figure, png


def curve_png(curve: Curve, target: float) -> bytes:
    """Return a PNG of measured and expected accuracies with intervals, and the target."""
    drawn = figure(6.4, 4.0)
    axes = drawn.add_subplot()
    parts = (
        (curve.measured, "black", "-o", "measured, cross-validated"),
        ((curve.now, *curve.expected), "tab:blue", "--o", "expected by the power law"),
    )
    for points, colour, style, name in parts:
        sizes = [point.examples for point in points]
        axes.fill_between(
            sizes,
            [100 * point.low for point in points],
            [100 * point.high for point in points],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        accuracies = [100 * point.accuracy for point in points]
        axes.plot(sizes, accuracies, style, color=colour, label=name)
    axes.axhline(100 * target, color="tab:red", linewidth=1, linestyle=":", label="target")
    ticks = [point.examples for point in (*curve.measured, *curve.expected)]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], rotation=45, fontsize=8)
    axes.minorticks_off()
    axes.set_xlabel("examples (log scale)")
    axes.set_ylabel("accuracy, %, with 90 % intervals")
    axes.set_title("Accuracy of the local model by number of examples", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower right", fontsize=8)
    return png(drawn)
