"""Finds a provider's fine-tuning jobs by their tag, reads them and cancels them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import openai

from learning.finetune.errors import UNREADABLE, shown

_EVENTS = 5


def word(found: object) -> str:
    """Return a provider's id or status; raise ValueError unless it is a non-empty string."""
    if not isinstance(found, str) or not found:
        raise ValueError("an id or status from the provider is not a non-empty string")
    return found


def carries(remote: Any, tag: str) -> bool:
    """Return True if a provider's job carries this tag in its metadata or suffix."""
    metadata = getattr(remote, "metadata", None)
    marks = [metadata.get("triage_job") if isinstance(metadata, dict) else None]
    marks += [getattr(remote, name, None) for name in ("suffix", "user_provided_suffix")]
    return any(
        isinstance(mark, str) and (mark == tag or mark.endswith(f"-{tag}")) for mark in marks
    )


async def find(client: openai.AsyncOpenAI, jobs: AsyncIterator[Any], tag: str) -> str:
    """Return the id of the oldest job with the tag, or ""; cancel any newer ones."""
    found = [job async for job in jobs if carries(job, tag)]
    found.sort(key=lambda job: (job.created_at, job.id))
    for extra in found[1:]:
        await end(client, extra.id)
    return word(found[0].id) if found else ""


async def end(client: openai.AsyncOpenAI, remote: str) -> None:
    """Cancel a job; no-op if it has ended."""
    with suppress(openai.BadRequestError, openai.NotFoundError, openai.ConflictError):
        await client.fine_tuning.jobs.cancel(remote)


async def events(client: openai.AsyncOpenAI, remote: str) -> tuple[str, ...]:
    """Return the last events, oldest first; empty on an error, since they are only shown."""
    try:
        page = await client.fine_tuning.jobs.list_events(remote, limit=_EVENTS)
        ordered = sorted(page.data, key=lambda event: event.created_at)
        return tuple(filter(None, (shown(event.message) for event in ordered)))
    except (openai.APIError, *UNREADABLE):
        return ()


def reason(provider: str, remote: Any) -> str:
    """Return the provider's reason for a failed job, or "" if it gives none."""
    error = getattr(remote, "error", None)
    message = shown(getattr(error, "message", None))
    code = shown(getattr(error, "code", None))
    return f"{provider}: {message}" + (f" ({code})" if code else "") if message else ""
