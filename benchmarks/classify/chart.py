"""Draw accuracy against examples per label, a panel per data set, from JSON results on stdin."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt


def draw(results: list[dict[str, Any]], path: Path) -> None:
    good = [result for result in results if "error" not in result]
    names = list(dict.fromkeys(result["dataset"] for result in good))
    contenders = list(dict.fromkeys(result["contender"] for result in good))
    columns = min(2, len(names))
    lines = -(-len(names) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(5.2 * columns, 4.2 * lines + 0.6), sharey=True, squeeze=False
    )
    panels = grid.flatten()
    for panel in panels[len(names) :]:
        panel.axis("off")
    for panel, name in zip(panels, names, strict=False):
        for number, contender in enumerate(contenders):
            rows = sorted(
                (result["per_label"], 100 * result["accuracy"])
                for result in good
                if result["dataset"] == name and result["contender"] == contender
            )
            ours = contender.startswith(("local", "few-shot", "cascade"))
            panel.plot(
                [row[0] for row in rows],
                [row[1] for row in rows],
                marker="o" if ours else "s",
                markersize=6 if ours else 4,
                linewidth=2.6 if ours else 1.2,
                color="black" if contender == "local" else f"C{number}",
                label=contender,
                zorder=3 if ours else 2,
            )
        ticks = sorted({result["per_label"] for result in good if result["dataset"] == name})
        panel.set_xscale("log")
        panel.set_xticks(ticks, [f"{tick:.0f}" for tick in ticks])
        panel.minorticks_off()
        panel.set_title(name)
        panel.set_xlabel("examples per label (log scale)")
        panel.grid(alpha=0.3)
    for row in grid:
        row[0].set_ylabel("test accuracy, %")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=min(len(labels), 4), frameon=False)
    figure.tight_layout(rect=(0, 0.16 / lines, 1, 1))
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    draw(json.load(sys.stdin), Path(sys.argv[1]))
