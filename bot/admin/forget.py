"""Carries out forget requests: removes a person from Redis, classifiers and cards in Slack."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.admin.forget_report import forget_lines
from bot.message.attempt import Attempt
from bot.message.card_search import adopt, look_for_late
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.text.render import sentence
from bot.tasks import each
from classifiers.redaction.redact import redact
from learning.reading.reader import identity
from storage.forget.forgets import Forget, Forgets
from storage.forget.forgetting import Forgetting, Traces, present
from storage.messages import MessageId
from storage.records import CardAt, ForgottenError
from storage.stores import Stores

_TRIES = 5  # per card; after the last, the next turn retries the whole request
_PASSES_MAX = 20  # a pass may find data written during the previous one; the next turn continues
_SLACK_USERS = ("U", "W")

log = structlog.get_logger()


async def nothing() -> None:
    """Do nothing: the operator of an external server decides when to rewrite its file."""


@dataclass(frozen=True)
class Forgetter:
    """Carries out the forget requests of one workspace, in any number of processes.

    A lease keeps two processes off the same request. Every step is idempotent, so another process
    resumes a request whose process was killed.
    """

    stores: Stores
    gateway: Gateway | None = None
    rewrite: Callable[[], Awaitable[None]] = nothing

    @property
    def found(self) -> Forgetting:
        """Return the store that finds and removes data of a person."""
        return self.stores.forgetting

    @property
    def forgets(self) -> Forgets:
        """Return the store of forget requests."""
        return self.stores.forgets

    async def look(self, user: str) -> Traces:
        """Return what is stored of a person now."""
        return await self.found.found(self.stores.team, user, float("inf"))

    async def turn(self) -> None:
        """Advance each running forget request as far as possible now."""
        await each((await self.forgets.running()).items(), lambda request: self.advance(*request))

    async def advance(self, user: str, asked: str) -> None:
        """Remove a person's data; no-op if another process holds the lease."""
        async with self.stores.jobs.lease(self.stores.team, f"forget:{user}") as lease:
            if lease is None:
                return
            request = await self.forgets.get(user)
            if request is not None and request.finished is None:
                try:
                    await self._remove(user)
                    await self.rewrite()
                except Exception as error:
                    await self.forgets.note(user, problem=_problem(error))
                    raise
                await self.forgets.end(user, asked)
            await self._tell(user)

    async def _remove(self, user: str) -> None:
        for _ in range(_PASSES_MAX):
            until = await self.found.tombstones.until(self.stores.team, user)
            traces = await self.found.found(self.stores.team, user, until)
            ids = await self.found.pending(self.stores.team, user, self._ids(traces))
            if not traces and not ids:
                return
            await self._pass(user, traces, sorted(ids))
        raise GatewayUnavailableError("each pass finds more messages: trying again later")

    def _ids(self, traces: Traces) -> list[str]:
        """Return the ids of the messages, and of imported examples with the same text."""
        return [*traces.ids, *map(identity, _as_stored(traces))]

    async def _pass(self, user: str, traces: Traces, ids: list[str]) -> None:
        await self.found.drop_events(self.stores.team, traces)
        await self._unquote(traces)
        known = await self.forgets.get(user)
        before = () if known is None else known.snapshots
        touched = await self.found.drop_traces(self.stores.team, ids, user)
        await self.forgets.note(user, snapshots=sorted({*before, *touched}))
        for record in traces.records:
            await self._drop(user, record.message.id)
        await self.found.dropped(self.stores.team, user, ids)

    async def _unquote(self, traces: Traces) -> None:
        """Remove the person's texts from other records, in which version 0.1 quoted them."""
        texts = _as_stored(traces)
        if not texts:
            return
        async for record in self.found.all_records(self.stores.team):
            if record.quotes_any(texts):
                async with self.found.records.held(record.message.id) as hold:
                    if hold.record is not None:
                        with suppress(ForgottenError):  # the whole record is being removed
                            await hold.put(hold.record.unquoted(texts))
                await self.found.outdated(self.stores.team, str(record.message.id))

    async def _drop(self, user: str, at: MessageId) -> None:
        async with self.found.records.held(at) as hold:
            if hold.record is None:
                return
            now = Attempt(hold, hold.record.without_text())
            if self.gateway is not None:
                await adopt(self.gateway, now)
                await look_for_late(self.gateway, now)
            gone = 0
            for card in present(now.record):
                gone += await self._take_down(user, card)
            await self.found.drop_record(hold, now.record, user, gone)

    async def _take_down(self, user: str, card: CardAt) -> bool:
        """Delete a card and return True; note a card that Slack refuses to delete, and go on."""
        place = f"{card.channel}:{card.ts}"
        if self.gateway is None:
            await self._leave(user, place, "SLACK_BOT_TOKEN is not set: delete it in Slack")
            return False
        try:
            await self._deleted(self.gateway, card)
        except GatewayUnavailableError:
            raise
        except GatewayError as error:
            await self._leave(user, place, str(error))
            return False
        return True

    async def _deleted(self, gateway: Gateway, card: CardAt) -> None:
        for left in reversed(range(_TRIES)):
            try:
                return await gateway.delete(card.channel, card.ts, urgent=False)
            except GatewayUnavailableError as error:
                if not left:
                    raise
                await asyncio.sleep(error.after_s or 1.0)
        return None

    async def _leave(self, user: str, place: str, why: str) -> None:
        request = await self.forgets.get(user)
        left = {} if request is None else dict(request.left)
        await self.forgets.note(user, left={**left, place: why})

    async def _tell(self, user: str) -> None:
        request = await self.forgets.get(user)
        if request is not None and request.finished is None:
            return  # requested again meanwhile
        from_slack = request is not None and request.who.startswith(_SLACK_USERS)
        if request is not None and from_slack and self.gateway is not None:
            await self._message(request, self.gateway)
        await self.forgets.close(user)

    async def _message(self, request: Forget, gateway: Gateway) -> None:
        """Send the report to the admin who asked, at most once: `/triage jobs` shows it too."""
        if not await self.forgets.claim_report(request.user):
            return
        first, *rest = forget_lines(request, f"<@{request.user}>")
        try:
            await gateway.tell(request.who, "\n".join([f"*{first}*", *map(sentence, rest)]))
        except GatewayUnavailableError:
            await self.forgets.release_report(request.user)
            raise
        except GatewayError as error:
            log.warning("forget.not_told", user=request.who, problem=str(error))


def _as_stored(traces: Traces) -> set[str]:
    """Return a person's texts as written, and as redacted for learning."""
    return traces.texts | {redact(text).text for text in traces.texts}


def _problem(error: Exception) -> str:
    """Return an error in words, without any text that is being removed."""
    return str(error) if isinstance(error, GatewayError) else type(error).__name__
