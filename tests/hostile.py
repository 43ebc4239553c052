"""Texts of attackers that must have no effect in any medium: terminal, Slack, HTML, CSV, logs."""

from typing import Final

HOSTILE: Final = (
    "[/b] closes nothing",
    "[link=https://evil.example]your invoice[/link]",
    "[red]refund[/red] [bold]now[/bold]",
    ":smile: :warning:",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\x1b]0;title\x07\x1b[2J\x1b[1;1H",
    "\x9b31m and \x9d0;title\x9c",
    "paid\rfree",
    "back\x08\x08space and bell\x07",
    "nul\x00 and delete\x7f",
    "\u202egpj.exe\u202c and \u2066isolate\u2069",
    "zero\u200bwidth \u200fmark",
    "line\u2028separator\u2029and\u0085next",
    'two\nlines\n{"event": "forged"}',
    "\U000e0041\U000e0042tags",
    '=HYPERLINK("https://evil.example")',
    "@SUM(1+1)",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "& &amp; <@U123> <!channel> <https://evil.example|safe>",
    "$\\frac{1}{0}$ and %s %(x)s {0} {x}",
    "x" * 50_000,
)
ACTING: Final = frozenset(
    map(chr, (*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x61C, 0x200B, 0x200E, 0x200F))
) | frozenset(map(chr, (*range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xE0041)))
"""Characters that control a terminal, are invisible, or change the direction of text."""
