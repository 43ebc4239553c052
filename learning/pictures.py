"""Draws figures as PNG; loads matplotlib with the first figure."""

import io
from typing import TYPE_CHECKING

from classifiers.printable import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAME = 24


def figure(width: float, height: float) -> "Figure":
    """Return an empty figure; `width` and `height` are in inches. No display is needed."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second and is rarely needed

    return Figure(figsize=(width, height), layout="constrained")


def png(drawn: "Figure") -> bytes:
    """Return a figure as PNG."""
    file = io.BytesIO()
    drawn.savefig(file, format="png", dpi=130)
    return file.getvalue()


def plain(name: str) -> str:
    """Return a name to draw literally: no math mode, no control characters, at most 24 long."""
    return printable(name, _NAME).replace("$", r"\$")
