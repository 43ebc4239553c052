"""Terminal output that cannot control the terminal; every verb prints through this module.

Control and format characters are printed as escapes. Rich's markup, emoji codes and highlighting
are off, so a label named `[red]` is printed literally.
"""

import sys
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from classifiers.printable import json_line, printable

_LINE_MAX: Final = 10_000
"""The longest line in characters, a last resort: names and excerpts are shortened earlier."""


def safe(text: str) -> str:
    """Return the text with control characters escaped."""
    return "\n".join(printable(line, _LINE_MAX) for line in text.split("\n"))


def styled(text: str, style: str) -> Text:
    """Return an escaped text in a Rich style such as "bold red"."""
    return Text(safe(text), style=style)


class Terminal(Console):
    """A Rich console that prints every string literally, on lines and in table cells."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a string with control characters escaped and without markup."""
        return super().render_str(safe(text), **(options | {"markup": False, "emoji": False}))

    def say(self, *lines: str, style: str | None = None) -> None:
        """Print lines without hard wraps, so scripts read each as one line."""
        for line in lines:
            self.print(line, style=style, soft_wrap=True)


out = Terminal()
err = Terminal(stderr=True)


def print_json(value: Any) -> None:
    """Print one line of JSON on standard output, for scripts."""
    sys.stdout.write(f"{json_line(value)}\n")


def print_figures(rows: Mapping[str, Any], names: Mapping[str, str], *, as_json: bool) -> None:
    """Print values as a table of two columns, or as one line of JSON.

    `names` replaces keys in the table; the JSON has the keys themselves.
    """
    if as_json:
        print_json(rows)
        return
    table = Table(show_header=False)
    for key, value in rows.items():
        shown = "-" if value in (None, {}, []) else str(value)
        table.add_row(names.get(key, key.replace("_", " ")), shown)
    out.print(table)
