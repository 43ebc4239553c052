"""Draw the curve of the cascade, a panel per data set, from JSON results on stdin."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt


def draw(results: dict[str, Any], path: Path) -> None:
    desks = results["cascade"]
    figure, panels = plt.subplots(1, len(desks), figsize=(4.6 * len(desks), 4.2), squeeze=False)
    for panel, (name, found) in zip(panels[0], desks.items(), strict=True):
        points = found["curve"]
        panel.plot(
            [100 * one["share"] for one in points],
            [100 * one["accuracy"] for one in points],
            color="black",
            marker=".",
        )
        for key, marker, words in (
            ("fresh", "o", "default, no judged answers"),
            ("judged", "s", "default, half judged"),
        ):
            at = found["chosen"][key]
            panel.plot(100 * at["share"], 100 * at["accuracy"], marker, markersize=9, label=words)
        panel.set_title(f"{name}, {found['messages']} messages")
        panel.set_xlabel("LLM calls, % of messages")
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("accuracy, %")
    panels[0][0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    draw(json.load(sys.stdin), Path(sys.argv[1]))
