"""`triage conflicts`: the few labels that somebody should look at."""

import asyncio

from rich.table import Table

from support_triage.bot.config import Config, Settings
from support_triage.bot.markup import excerpt
from support_triage.bot.terminal import out, print_json
from support_triage.bot.workspace import open_store
from support_triage.classifiers.embedders import make_embedder
from support_triage.learning.conflicts import Doubts, doubts
from support_triage.plural import plural


async def conflicts(
    settings: Settings, config: Config, team: str | None, most: int, *, as_json: bool
) -> None:
    """Print conflicts and probable errors, the newest first, with channel:ts of each message."""
    embedder = await asyncio.to_thread(make_embedder, config.local.embedder)
    async with open_store(settings, team) as store:
        found = await doubts(store.examples, store.team, config.label_set, embedder, most)
    if as_json:
        print_json(_rows(found))
        return
    table = Table("what", "label", "or rather", "message", "text")
    for row in _rows(found):
        table.add_row(*(str(row[key]) for key in ("what", "label", "instead", "message", "text")))
    out.print(table)
    out.say(
        f"{plural(found.conflicts_in_all, 'text')} with two labels; {found.suspects_in_all} of the "
        f"newest {plural(found.judged, 'example')} probably mislabelled."
    )


def _rows(found: Doubts) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for conflict in found.conflicts:
        labels = [one.label for one in conflict.examples]
        for one in conflict.examples:
            others = ", ".join(sorted({label for label in labels if label != one.label}))
            rows.append(
                {
                    "what": "two labels",
                    "label": one.label,
                    "instead": others,
                    "message": one.id,
                    "text": excerpt(one.text),
                }
            )
    for suspect in found.suspects:
        one = suspect.example
        rows.append(
            {
                "what": "probably wrong",
                "label": one.label,
                "instead": suspect.instead,
                "message": one.id,
                "text": excerpt(one.text),
            }
        )
    return rows
