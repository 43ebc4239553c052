"""Terminal output: all text goes through this module, and nothing in it controls the terminal.

Control and format characters are shown as escapes, and Rich's mark-up, emoji codes and highlighting
are off, so that `[/b]` or a label such as `[red]` is what it says.
"""

import sys
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from classifiers.printable import json_line, printable

_LINE_MAX: Final = 10_000
"""The longest line in characters, a last resort: names and excerpts are cut earlier."""


def safe(text: str) -> str:
    """Return the text with nothing that controls a terminal."""
    return "\n".join(printable(line, _LINE_MAX) for line in text.split("\n"))


def styled(text: str, style: str) -> Text:
    """Return a safe text in a style, such as "bold red"."""
    return Text(safe(text), style=style)


class Terminal(Console):
    """Rich's console, which prints every string literally, on a line or in a table cell."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Render words: with their control characters escaped, and no mark-up in them."""
        return super().render_str(safe(text), **(options | {"markup": False, "emoji": False}))

    def say(self, *lines: str, style: str | None = None) -> None:
        """Print lines that a terminal wraps and a script does not see wrapped."""
        for line in lines:
            self.print(line, style=style, soft_wrap=True)


out = Terminal()
err = Terminal(stderr=True)


def print_json(value: Any) -> None:
    """Print one line of JSON on standard output, for scripts."""
    sys.stdout.write(f"{json_line(value)}\n")


def print_figures(rows: Mapping[str, Any], *, as_json: bool) -> None:
    """Print named values as a table of two columns, or as one line of JSON."""
    if as_json:
        print_json(rows)
        return
    table = Table(show_header=False)
    for key, value in rows.items():
        table.add_row(key.replace("_", " "), "-" if value in (None, {}, []) else str(value))
    out.print(table)
