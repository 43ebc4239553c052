"""A provider's fine-tuning jobs: found by their tag, read, ended."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import openai

from learning.finetune.errors import UNREADABLE, shown

_EVENTS = 5


def word(found: object) -> str:
    """A provider's id or status: ValueError where it is not a word."""
    if not isinstance(found, str) or not found:
        raise ValueError("not a word")
    return found


def carries(remote: Any, tag: str) -> bool:
    """Whether a provider's job is marked with this tag."""
    metadata = getattr(remote, "metadata", None)
    marks = [metadata.get("triage_job") if isinstance(metadata, dict) else None]
    marks += [getattr(remote, name, None) for name in ("suffix", "user_provided_suffix")]
    return any(isinstance(one, str) and (one == tag or one.endswith(f"-{tag}")) for one in marks)


async def find(client: openai.AsyncOpenAI, jobs: AsyncIterator[Any], tag: str) -> str:
    """The id of the oldest of these jobs that carries the tag, "" if none; others are ended."""
    found = [one async for one in jobs if carries(one, tag)]
    found.sort(key=lambda one: (one.created_at, one.id))
    for extra in found[1:]:
        await end(client, extra.id)
    return word(found[0].id) if found else ""


async def end(client: openai.AsyncOpenAI, remote: str) -> None:
    """Cancel a job; one that ended already is fine."""
    with suppress(openai.BadRequestError, openai.NotFoundError, openai.ConflictError):
        await client.fine_tuning.jobs.cancel(remote)


async def events(client: openai.AsyncOpenAI, remote: str) -> tuple[str, ...]:
    """The last events, oldest first: worth showing, not worth failing for."""
    try:
        page = await client.fine_tuning.jobs.list_events(remote, limit=_EVENTS)
        ordered = sorted(page.data, key=lambda one: one.created_at)
        return tuple(filter(None, (shown(one.message) for one in ordered)))
    except (openai.APIError, *UNREADABLE):
        return ()


def reason(provider: str, remote: Any) -> str:
    """Why a job failed, in the provider's words; "" where it says nothing."""
    error = getattr(remote, "error", None)
    message = shown(getattr(error, "message", None))
    code = shown(getattr(error, "code", None))
    return f"{provider}: {message}" + (f" ({code})" if code else "") if message else ""
