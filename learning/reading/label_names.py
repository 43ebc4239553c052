"""Matches the labels of a file with ours, in any case or renamed, and suggests similar ones."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from classifiers.plural import plural
from classifiers.printable import printable
from learning.reading.source import loose

_DISTINCT_MAX = 200
"""The most unknown labels to list: a column with more does not hold labels."""
_LISTED = 20


class LabelNames:
    """Recognizes our labels in a file, and collects unknown ones."""

    def __init__(self, names: Sequence[str], renamed: Mapping[str, str]) -> None:
        self._names = names
        self._exact = {name: name for name in names} | dict(renamed)
        self._loose = {loose(label): ours for label, ours in reversed(self._exact.items())}
        self._unknown: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    @property
    def expected(self) -> frozenset[str]:
        """Return the labels that rows of the file are expected to carry."""
        return frozenset(self._exact)

    @property
    def unknown(self) -> int:
        """Return the number of rows with an unknown label."""
        return self._unknown.total()

    def ours(self, label: str) -> str | None:
        """Return our label for a row's label, or None if it is unknown."""
        found = self._exact.get(label)
        return found if found is not None else self._loose.get(loose(label))

    def add(self, label: str) -> str:
        """Add a label to ours, as it is written."""
        self._exact[label] = label
        self._loose[loose(label)] = label
        return label

    def miss(self, label: str, where: str) -> None:
        """Count an unknown label, and record where it appears first."""
        kept = label if label in self._first or len(self._first) < _DISTINCT_MAX else ""
        self._unknown[kept] += 1
        self._first.setdefault(kept, where)

    def unknown_lines(self) -> list[str]:
        """Return lines that list the unknown labels, similar labels of ours and a --map to copy."""
        known = [(label, number) for label, number in self._unknown.most_common() if label]
        lines = [
            f'{self._first[label]}: label "{printable(label)}" is not in triage.toml '
            f"({plural(number, 'row')}); {self._nearest(label)[1]}"
            for label, number in known[:_LISTED]
        ]
        if len(known) > _LISTED or self._unknown[""]:
            more = "more than " if self._unknown[""] else ""
            lines.append(
                f"and {more}{plural(len(known) - _LISTED, 'other label')}: is --label right?"
            )
        lines.append(f"The labels of triage.toml: {', '.join(map(printable, self._names))}")
        options = [
            f"--map {shlex.quote(f'{printable(label)}={self._nearest(label)[0]}')}"
            for label, _ in known[:_LISTED]
        ]
        return [
            *lines,
            "Add the missing labels to triage.toml, or map them:",
            f"  {' '.join(options)}",
        ]

    def _nearest(self, label: str) -> tuple[str, str]:
        folded = {loose(name): name for name in self._names}
        close = get_close_matches(loose(label)[:80], folded, n=3, cutoff=0.5)
        if not close:
            return "LABEL", "no label is similar"
        names = [folded[name] for name in close]
        return names[0], f"similar labels: {', '.join(map(printable, names))}"
