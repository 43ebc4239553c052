"""A person who is forgotten: in Redis, in classifiers, and on cards in Slack, in a durable job."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.admin.forget_report import lines
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

_TRIES = 5  # of one deletion in Slack, before everything is looked through again
_PASSES_MAX = 20  # in a turn: each finds what was written while the one before it looked
_SLACK_USERS = ("U", "W")

log = structlog.get_logger()


async def nothing() -> None:
    """Rewrite no file: the server is not ours, and its operator's to say when."""


@dataclass(frozen=True)
class Forgetter:
    """Brings the wishes of one workspace to their end; any number of processes may.

    A lease keeps them apart. All that is removed is looked for, removed and counted in steps that
    do no harm when they come twice, so that another process goes on where one was killed.
    """

    stores: Stores
    gateway: Gateway | None = None
    rewrite: Callable[[], Awaitable[None]] = nothing

    @property
    def found(self) -> Forgetting:
        """The store that finds and removes what is kept of a person."""
        return self.stores.forgetting

    @property
    def forgets(self) -> Forgets:
        """The people being forgotten."""
        return self.stores.forgets

    async def look(self, user: str) -> Traces:
        """Return what there is of a person now."""
        return await self.found.found(self.stores.team, user, float("inf"))

    async def turn(self) -> None:
        """Bring each wish on as far as it goes now."""
        await each((await self.forgets.running()).items(), lambda one: self.bring_on(*one))

    async def bring_on(self, user: str, asked: str) -> None:
        """Remove what there is of a person; nothing where another process is at it."""
        async with self.stores.jobs.lease(self.stores.team, f"forget:{user}") as lease:
            if lease is None:
                return
            wish = await self.forgets.get(user)
            if wish is not None and wish.finished is None:
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
        raise GatewayUnavailableError("each pass finds more: trying again later")

    def _ids(self, traces: Traces) -> list[str]:
        """Return the ids of the messages, and of imported examples of the same words."""
        return [*traces.ids, *map(identity, _as_stored(traces))]

    async def _pass(self, user: str, traces: Traces, ids: list[str]) -> None:
        await self.found.drop_events(self.stores.team, traces)
        await self._unquote(traces)
        known = await self.forgets.get(user)
        before = () if known is None else known.snapshots
        touched = await self.found.drop_traces(self.stores.team, ids, user)
        await self.forgets.note(user, snapshots=sorted({*before, *touched}))
        for one in traces.records:
            await self._drop(user, one.message.id)
        await self.found.dropped(self.stores.team, user, ids)

    async def _unquote(self, traces: Traces) -> None:
        """Take the words out of what version 0.1 kept of others' messages."""
        texts = _as_stored(traces)
        if not texts:
            return
        async for record in self.found.all_records(self.stores.team):
            if record.quotes_any(texts):
                async with self.found.records.held(record.message.id) as hold:
                    if hold.record is not None:
                        with suppress(ForgottenError):  # then it goes as a whole
                            await hold.put(hold.record.unquoted(texts))
                await self.found.outdated(self.stores.team, str(record.message.id))

    async def _drop(self, user: str, at: MessageId) -> None:
        async with self.found.records.held(at) as hold:
            if hold.record is None:
                return
            now = Attempt(hold, hold.record.gone())
            if self.gateway is not None:
                await adopt(self.gateway, now)
                await look_for_late(self.gateway, now)
            gone = 0
            for card in present(now.record):
                gone += await self._take_down(user, card)
            await self.found.drop_record(hold, now.record, user, gone)

    async def _take_down(self, user: str, card: CardAt) -> bool:
        """Delete a card; what Slack does not let us delete is noted, and does not hold up all."""
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
        wish = await self.forgets.get(user)
        left = {} if wish is None else dict(wish.left)
        await self.forgets.note(user, left={**left, place: why})

    async def _tell(self, user: str) -> None:
        wish = await self.forgets.get(user)
        if wish is not None and wish.finished is None:
            return  # it was asked once more meanwhile
        if wish is not None and wish.who.startswith(_SLACK_USERS) and self.gateway is not None:
            await self._message(wish, self.gateway)
        await self.forgets.settled(user)

    async def _message(self, wish: Forget, gateway: Gateway) -> None:
        """Tell whoever asked; a process that is killed meanwhile leaves it to `/triage jobs`."""
        if not await self.forgets.claim_telling(wish.user):
            return
        first, *rest = lines(wish, f"<@{wish.user}>")
        try:
            await gateway.tell(wish.who, "\n".join([f"*{first}*", *map(sentence, rest)]))
        except GatewayUnavailableError:
            await self.forgets.untold(wish.user)
            raise
        except GatewayError as error:
            log.warning("forget.not_told", user=wish.who, problem=str(error))


def _as_stored(traces: Traces) -> set[str]:
    """Return the texts of a person, as they wrote them and as they were learnt."""
    return traces.texts | {redact(one).text for one in traces.texts}


def _problem(error: Exception) -> str:
    """Return what keeps a wish, without a word of what is removed."""
    return str(error) if isinstance(error, GatewayError) else type(error).__name__
