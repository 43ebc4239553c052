"""Verbs of the command line on what the team has taught: import, export, status, figures."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import Progress
from rich.table import Table

from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.llm_status import llm_status
from support_triage.bot.people import group_problems
from support_triage.bot.terminal import err, out, print_json
from support_triage.bot.workspace import open_store
from support_triage.learning.accuracy import measure
from support_triage.learning.bad_rows import Taking
from support_triage.learning.export import FORMATS, export, since_when
from support_triage.learning.importing import look_through
from support_triage.learning.importing import store as store_rows
from support_triage.learning.migration import stray_labels
from support_triage.learning.opening import twice
from support_triage.learning.source import Source
from support_triage.plural import plural
from support_triage.storage.members import Members


async def import_file(
    settings: Settings,
    config: Config,
    source: Source,
    renamed: Mapping[str, str],
    team: str | None,
    remarks: Taking | None = None,
) -> None:
    """Add the rows of a file as examples; nothing is stored where any row is refused."""
    with twice(source.name) as name:
        plan = look_through(replace(source, name=name), config.label_set, renamed, remarks)
        async with open_store(settings, team) as store:
            await store.workspaces.add(store.team)
            with Progress(console=err) as progress:
                task = progress.add_task("Importing", total=plan.rows)
                done = await store_rows(
                    store.examples, store.team, plan, lambda rows: progress.advance(task, rows)
                )
            rows = str(plan.rows)
            await store.workspaces.audit(store.team, "command line", "import", rows=rows)
    out.say(f"Imported: {done.changed} new or changed of {plural(plan.rows, 'row')}")
    if plan.skipped:
        out.say(f"Skipped bad rows: {plan.skipped}")
    if plan.repeated:
        out.say(f"Left out, a newer or later row has the same text: {plan.repeated}")
    if done.older:
        out.say(f"Left out, older than the stored example: {done.older}")


async def export_file(
    settings: Settings, config: Config, path: Path, kind: str, since: str | None, team: str | None
) -> None:
    """Write all examples to a file and print the summary."""
    if kind not in FORMATS:
        raise ConfigError(f'--format: "{kind}" is none of {", ".join(FORMATS)}')
    start = 0.0 if since is None else since_when(since, datetime.now(UTC))
    async with open_store(settings, team) as store:
        made = await export(store.examples, store.team, kind, config.label_set, path, start)
        await store.workspaces.audit(store.team, "command line", "export", format=kind)
    out.say(made.summary)


def _show(rows: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    table = Table(show_header=False)
    for key, value in rows.items():
        table.add_row(key.replace("_", " "), "-" if value in (None, {}, []) else str(value))
    out.print(table)


async def status(settings: Settings, config: Config, team: str | None, *, as_json: bool) -> None:
    """Messages, examples, backlog and problems."""
    async with open_store(settings, team) as store:
        tally = await store.workspaces.tally(store.team)
        counts = await store.examples.counts(store.team)
        cost, warnings = await llm_status(store.spending, config.llm)
        rows = {
            "workspace": store.team,
            "label_set": config.label_set.version,
            "labelled": tally.get("labelled", 0),
            "abstained": tally.get("abstained", 0),
            "examples": sum(counts.values()),
            "labels_not_in_triage_toml": stray_labels(counts, config.label_set.names),
            "local_model": await store.workspaces.standing(store.team),
            "waiting": await store.inbox.depth(store.team),
            "given_up": await store.inbox.dead(store.team),
            "problems": await group_problems(config.triage, Members(store.redis, store.team))
            | await store.workspaces.problems(store.team),
            "llm_today": cost,
            "llm_problems": warnings,
        }
    _show(rows, as_json=as_json)


async def labels(settings: Settings, config: Config, team: str | None, *, as_json: bool) -> None:
    """Labels with their examples."""
    async with open_store(settings, team) as store:
        counts = await store.examples.counts(store.team)
        standing = await store.workspaces.standing(store.team)
    if as_json:
        rows = [one.model_dump() | {"count": counts.get(one.name, 0)} for one in config.labels]
        print_json(rows)
        return
    caption = standing and f"Local model: {standing}"
    table = Table("label", "emoji", "channel", "examples", "description", caption=caption)
    for one in config.labels:
        number = str(counts.get(one.name, 0))
        table.add_row(one.name, f":{one.emoji}:", one.channel or "", number, one.description)
    out.print(table)


async def accuracy(settings: Settings, _: Config, team: str | None, *, as_json: bool) -> None:
    """How often agents agreed, in all and per label."""
    async with open_store(settings, team) as store:
        found = await measure(store.examples.iterate(store.team))
    rows: dict[str, Any] = {
        "judged": found.judged,
        "answered": found.answered,
        "right": found.right,
        "precision": None if found.precision is None else round(found.precision, 4),
    }
    rows |= {f"label_{name}": f"{right} of {total}" for name, right, total in found.per_label}
    _show(rows, as_json=as_json)
