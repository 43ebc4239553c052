"""A team's labelled texts from before it installs the bot."""

import csv
from pathlib import Path

from tests.classifiers.tickets import tickets


def labelled_file(folder: Path, size: int = 160) -> Path:
    """Write a CSV of labelled texts into a folder, and return its path."""
    path = folder / "tickets.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        rows.writerows((one.text, one.label) for one in tickets(size, seed=1))
    return path
