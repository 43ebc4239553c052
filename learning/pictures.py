"""Pictures as PNG; matplotlib is loaded when the first one is drawn."""

import io
from typing import TYPE_CHECKING

from classifiers.printable import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAME = 24


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
