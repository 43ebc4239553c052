"""`triage dead`: list failed events, retry them, or drop them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
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
    load_environment,
)
from bot.cli.terminal import out, print_json
from bot.workspace import open_store
from storage.inbox.dead_letters import DeadLetter, DeadLetters

app = typer.Typer(name="dead", help="List, retry or drop failed events.", no_args_is_help=True)

IdsArgument = Annotated[list[str] | None, typer.Argument(help="Ids, as `list` shows them.")]
AllOption = Annotated[bool, typer.Option("--all", help="Every failed event.")]


def _row(letter: DeadLetter) -> dict[str, str]:
    """Return the columns of a failed event; the message's text is never among them."""
    event = letter.event
    return {
        "id": letter.id,
        "when": datetime.fromtimestamp(letter.when_s, UTC).isoformat(timespec="seconds"),
        "what": "unreadable" if event is None else event.kind,
        "message": "" if event is None else str(event.item),
        "reason": letter.reason,
    }


async def _list(team: str | None, config: Path | None, *, as_json: bool) -> None:
    settings, loaded = load(config)
    async with open_store(settings, team) as store:
        letters = store.dead_letters
        await letters.trim(store.team, loaded.keep.seconds)
        rows = [_row(letter) async for letter in letters.iterate(store.team)]
        outlived = await letters.outlived(store.team)
    if as_json:
        print_json(rows)
        return
    table = Table("id", "when", "event", "message", "reason")
    for row in rows:
        table.add_row(*row.values())
    out.print(table)
    if outlived:
        out.say(f"{outlived:,} more were dropped: they were older than `keep.days`.")


async def _each(
    verb: str,
    result: str,
    act: Callable[[DeadLetters, str, DeadLetter], Awaitable[bool]],
    ids: list[str] | None,
    team: str | None,
    *,
    every: bool,
) -> None:
    """Apply `act` to the given failed events, or to `every` event, and print the number changed."""
    if every == bool(ids):
        raise typer.BadParameter("pass ids, as `triage dead list` shows them, or --all")
    async with open_store(load_environment(), team) as store:
        letters = store.dead_letters
        stored = [letter async for letter in letters.iterate(store.team)]
        found = [letter for letter in stored if every or letter.id in (ids or [])]
        done = sum([await act(letters, store.team, letter) for letter in found])
        await store.workspaces.audit(store.team, WHO, f"dead {verb}", count=str(done))
    out.say(f"{done} of {len(found) if every else len(ids or [])}: {result}")


@app.command("list")
def list_(
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List failed events with id and reason, without those older than `keep.days`."""
    asyncio.run(_list(team, config, as_json=as_json))


@app.command()
def retry(ids: IdsArgument = None, team: TeamOption = None, *, every: AllOption = False) -> None:
    """Put failed events back in the queue."""
    asyncio.run(_each("retry", "put back in the queue", DeadLetters.retry, ids, team, every=every))


@app.command()
def drop(ids: IdsArgument = None, team: TeamOption = None, *, every: AllOption = False) -> None:
    """Delete failed events for good."""
    asyncio.run(_each("drop", "dropped", DeadLetters.drop, ids, team, every=every))
