"""`/triage export`: send the labelled examples as files in a direct message."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.commands.context import Context
from bot.slack.text.render import code, escaped, sentence
from learning.errors import DatasetError
from learning.export.export import FORMATS, SUFFIX, export, since_when

HELP = (
    "`/triage export [openai|jsonl|csv|parquet] [2026-11-01|30d]` - send you the labelled "
    "examples as files"
)

_SENT_MAX = 100 * 1024 * 1024  # slack_sdk holds a file in memory while it sends it


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Send the export as files in a direct message, and return its summary."""
    kind, since = "openai", 0.0
    for word in arguments:
        if word.lower() in FORMATS:
            kind = word.lower()
        else:
            try:
                since = since_when(word, datetime.now(UTC))
            except DatasetError:
                formats = ", ".join(FORMATS)
                return (
                    f"{code(word, 40)} is not a format ({formats}) or a day, "
                    "such as 2026-11-01 or 30d."
                )
    if not sum((await context.stores.examples.counts(context.team)).values()):
        return "There is nothing to export yet. Agents' corrections become examples."
    return await _send(context, kind, since)


async def _send(context: Context, kind: str, since: float) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"support-triage-{kind}.{SUFFIX[kind]}"
        try:
            exported = await export(
                context.stores.examples,
                context.team,
                kind,
                context.config.label_set,
                path,
                since,
            )
        except DatasetError as error:
            return sentence(str(error))
        summary = escaped(exported.summary.replace(f"{folder}/", ""))
        files = [*(path for _, path, _ in exported.written.files), *exported.written.beside]
        if max(path.stat().st_size for path in files) > _SENT_MAX:
            return f"{summary}\nThis is too large for Slack. Use `triage export` on the server."
        return summary + await context.send_files({path.name: path for path in files}, summary)
