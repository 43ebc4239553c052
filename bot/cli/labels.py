"""`triage labels`: show the labels, or move examples after labels changed in triage.toml."""

import asyncio
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.options import (
    WHO,
    ConfigOption,
    JsonOption,
    TeamOption,
    load,
    load_own,
    pair,
)
from bot.cli.terminal import out, print_json
from bot.config.config import Config, ConfigError, Settings
from bot.workspace import open_store
from classifiers.plural import plural
from classifiers.printable import printable

app = typer.Typer(
    name="labels", help="Show the labels; `migrate` moves examples when labels change."
)
Moves = Annotated[list[str] | None, typer.Option(metavar="OLD=NEW", help="Rename a label.")]
Merges = Annotated[list[str] | None, typer.Option(metavar="A,B=C", help="Merge labels into one.")]
Splits = Annotated[
    list[str] | None,
    typer.Option(metavar="A=FILE", help="Split a label: relabel its texts as a file says."),
]
Removals = Annotated[
    list[str] | None, typer.Option(metavar="A", help="Set the examples of a label aside.")
]
Returns = Annotated[
    list[str] | None,
    typer.Option(metavar="A[=B]", help="Bring back examples that were set aside, as A or as B."),
]


@app.callback(invoke_without_command=True)
def listing(
    context: typer.Context,
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the labels with emoji, channel and examples; `migrate` moves examples."""
    if context.invoked_subcommand is None:
        settings, loaded = load(config)
        asyncio.run(show_labels(settings, loaded, team, as_json=as_json))


async def show_labels(
    settings: Settings, config: Config, team: str | None, *, as_json: bool
) -> None:
    """Print the labels and the number of their examples."""
    async with open_store(settings, team) as store:
        counts = await store.examples.counts(store.team)
        standing = await store.workspaces.precision_status(store.team)
    if as_json:
        rows = [
            label.model_dump() | {"count": counts.get(label.name, 0)} for label in config.labels
        ]
        print_json(rows)
        return
    caption = standing and f"Local model: {standing}"
    table = Table("label", "emoji", "channel", "examples", "description", caption=caption)
    for label in config.labels:
        number = str(counts.get(label.name, 0))
        row = (label.name, f":{label.emoji}:", label.channel or "", number, label.description)
        table.add_row(*row)
    out.print(table)


@app.command()
def migrate(
    rename: Moves = None,
    merge: Merges = None,
    split: Splits = None,
    remove: Removals = None,
    restore: Returns = None,
    team: TeamOption = None,
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Move them; without this, only count.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Move examples of labels that were renamed, merged, split or removed in triage.toml."""
    settings, loaded = load_own(config)
    renamed = [*(rename or []), *_merged(merge or [])]
    asyncio.run(
        _migrate(
            settings, loaded, renamed, split or [], remove or [], restore or [], team, apply=apply
        )
    )


def _merged(merges: Sequence[str]) -> list[str]:
    """Return `A,B=C` as `A=C` and `B=C`; C may be among the merged labels."""
    found = []
    for words in merges:
        olds, equals, new = words.partition("=")
        if not (olds and equals and new):
            raise ConfigError(f'--merge: "{words}": write A,B=C')
        found += [f"{old.strip()}={new}" for old in olds.split(",") if old.strip() != new]
    return found


async def _migrate(
    settings: Settings,
    config: Config,
    renamed: Sequence[str],
    splits: Sequence[str],
    removed: Sequence[str],
    restored: Sequence[str],
    team: str | None,
    *,
    apply: bool,
) -> None:
    from learning.migration import Migration, migrate, read_split, unmapped
    from storage.examples.label_moves import LabelMoves

    files = dict(pair("--split", words) for words in splits)
    migration = Migration(
        renamed=dict(pair("--rename", words) for words in renamed),
        split={
            label: read_split(label, Path(file), config.label_set) for label, file in files.items()
        },
        removed=frozenset(removed),
        restored=dict(
            pair("--restore", words if "=" in words else f"{words}={words}") for words in restored
        ),
    )
    async with open_store(settings, team) as store:
        moves, names = LabelMoves(store.redis), config.label_set.names
        done = await migrate(
            store.examples, moves, store.team, migration, config.label_set, apply=apply
        )
        if apply:
            summary = ", ".join(
                [
                    *renamed,
                    *(f"{a} split" for a in files),
                    *(f"{a} removed" for a in removed),
                    *(f"{a} restored" for a in restored),
                ]
            )
            await store.workspaces.audit(store.team, WHO, "labels migrate", moves=summary)
        counts = await store.examples.counts(store.team)
        lost = unmapped(counts, migration, names)
        aside = await moves.count_aside(store.team)
    table = Table("from", "to", "examples")
    for (old, new), number in sorted(done.moves.items(), key=str):
        table.add_row(old, new or "set aside", str(number))
    for (old, back), number in sorted(done.restored.items()):
        table.add_row(f"{old} (set aside)", back, str(number))
    for label, number in sorted(done.unmatched.items()):
        table.add_row(label, "unchanged, not in the file", str(number))
    out.print(table)
    for label in done.unknown:
        near = get_close_matches(label, counts, 1, 0.4)
        meant = f' Did you mean "{printable(near[0])}"?' if near else ""
        out.say(f'No example has the label "{printable(label)}": nothing to move.{meant}')
    for label in lost:
        examples = plural(counts[label], "example")
        out.say(
            f"{printable(label)}: {examples}, but triage.toml has no such label. Name it in an "
            "option, or add the label"
        )
    for label, number in sorted(aside.items()):
        name = printable(label)
        out.say(f"{name}: {number} set aside; --restore {name}=LABEL brings them back")
    out.say("Done." if apply else "Nothing was changed. Add --apply to move them.")
