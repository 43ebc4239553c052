"""Brings what people see to what was decided; killed at any point, the next try ends the same."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog

from support_triage.bot.cards import Card, Place, card
from support_triage.bot.config import Config
from support_triage.bot.corrections import Standing
from support_triage.bot.directory import Directory
from support_triage.bot.emoji_names import standard_name
from support_triage.bot.gateway import Gateway, GatewayError, GatewayUnavailableError
from support_triage.bot.memory import Memory
from support_triage.storage.records import CardAt, Hold, LostHoldError, Record
from support_triage.storage.workspaces import Workspaces

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decision:
    """What people shall see: an emoji, and a card in a channel as triage.toml names it."""

    emoji: str | None = None
    channel: str | None = None
    label: str | None = None
    mention: str | None = None


@dataclass(slots=True)
class _Try:
    """One try to show a decision: what it changed so far, and what went wrong."""

    hold: Hold
    record: Record
    errors: list[tuple[str, GatewayError]] = field(default_factory=list)
    worked: list[str] = field(default_factory=list)
    posted: CardAt | None = None

    def change(self, **changes: Any) -> None:
        shown = self.record.shown.model_copy(update=changes)
        self.record = self.record.model_copy(update={"shown": shown})


@dataclass
class Presenter:
    """Shows decisions in Slack; the intentions are stored before they are acted on."""

    config: Config
    gateway: Gateway
    directory: Directory
    workspaces: Workspaces
    memory: Memory = field(init=False)
    _problems: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memory = Memory(self.config, self.gateway, self.directory)

    async def show(
        self,
        hold: Hold,
        record: Record,
        standing: Standing | None,
        decision: Decision,
        outcome: str = "",
    ) -> Record:
        """Show this decision and nothing else; the record afterwards.

        Raises GatewayError where a part of it could not be shown: the rest is, and is recorded.
        """
        now = _Try(hold, record)
        ready, wanted = await self._intend(now, standing, decision)
        await hold.put(now.record, outcome)
        effects = [self._show_emoji(now, decision.emoji)]
        if ready:
            effects.append(self._show_card(now, wanted))
        ended = await asyncio.gather(*effects, return_exceptions=True)
        try:
            record = await hold.put(now.record)
        except LostHoldError:
            await self._withdraw(now)
            raise
        for bug in filter(None, ended):
            raise bug
        await self._report(now)
        return record

    async def recall(self, record: Record, doubt: float) -> Record:
        """With what may be shown already although it is not on record, since a server lost it."""
        if not doubt:
            return record
        shown, about = record.shown, record.message.id
        known = {(at.channel, at.ts) for at in shown.cards}
        there = await self.memory.cards(about, doubt)
        lost = [at for at in there if (at.channel, at.ts) not in known]
        if shown.card is not None or shown.posting is not None:
            changes: dict[str, Any] = {"stale": (*shown.stale, *lost)}
        else:
            changes = {"card": next(iter(lost), None), "stale": (*shown.stale, *lost[1:])}
        emoji = await self.memory.emoji(about, doubt) - {shown.emoji}
        changes["maybe_emoji"] = tuple(sorted({*shown.maybe_emoji, *emoji}))
        return record.model_copy(update={"shown": shown.model_copy(update=changes)})

    async def _intend(
        self, now: _Try, standing: Standing | None, decision: Decision
    ) -> tuple[bool, Card | None]:
        """Write down what may become visible; whether cards may be touched, and the one wanted."""
        shown = now.record.shown
        if shown.emoji != decision.emoji or shown.maybe_emoji:
            possible = {*shown.maybe_emoji, *filter(None, [shown.emoji, decision.emoji])}
            now.change(maybe_emoji=tuple(sorted(possible)))
        try:
            await self._adopt(now)
            wanted = await self._card(now.record, standing, decision)
            at = now.record.shown.card
            if at is not None and (wanted is None or at.channel != wanted.channel):
                now.change(card=None, stale=(*now.record.shown.stale, at))
            if wanted is not None and now.record.shown.card is None:
                # The turn comes first: between the check of the lease and the post is no wait.
                await self.gateway.ready("chat.postMessage", wanted.channel)
                now.change(posting=wanted.channel)
        except GatewayError as error:
            now.errors.append((f"card in {decision.channel}", error))
            return False, None
        return True, wanted

    async def _adopt(self, now: _Try) -> None:
        """A try before this one may have posted a card and died before it wrote that down."""
        channel, message = now.record.shown.posting, now.record.message.id
        if channel is None:
            return
        found = await self.gateway.find_cards(channel, str(message), message.ts)
        known = {at.ts for at in now.record.shown.cards if at.channel == channel}
        ours = [CardAt(channel=channel, ts=ts) for ts in found if ts not in known]
        now.change(posting=None)
        if ours:
            stale = (*now.record.shown.stale, *ours[1:])
            now.change(card=ours[0], stale=stale)

    async def _card(
        self, record: Record, standing: Standing | None, decision: Decision
    ) -> Card | None:
        target = await self.directory.channel(decision.channel)
        if decision.channel is not None and target is None:
            raise GatewayError(
                f"channel {decision.channel} is not visible to the bot: invite it there"
            )
        if target is None:
            return None
        message = record.message
        place = Place(
            channel=target,
            author=await self.directory.user_name(message.user),
            group=await self.directory.group(decision.mention),
            link=await self.gateway.permalink(message.id.channel, message.id.ts),
        )
        return card(
            self.config,
            message,
            place,
            label=decision.label,
            prediction=record.prediction,
            standing=standing,
        )

    async def _show_emoji(self, now: _Try, emoji: str | None) -> None:
        at, possible = now.record.message.id, now.record.shown.maybe_emoji
        if not possible:
            return
        try:
            if emoji is not None:
                await self.gateway.add_emoji(at.channel, at.ts, emoji)
            for other in possible:
                if standard_name(other) != emoji:  # 0.1 kept names as they were written
                    await self.gateway.remove_emoji(at.channel, at.ts, other)
        except GatewayError as error:
            now.errors.append((f"emoji {emoji} in {at.channel}", error))
            return
        now.change(emoji=emoji, maybe_emoji=())
        now.worked.append(f"emoji {emoji} in {at.channel}")

    async def _show_card(self, now: _Try, wanted: Card | None) -> None:
        try:
            if wanted is not None:
                await self._post_or_update(now, wanted)
            for at in now.record.shown.stale:
                await self.gateway.delete(at.channel, at.ts)
                shown = now.record.shown
                now.change(stale=shown.stale[1:], former=(*shown.former, at))
        except GatewayError as error:
            now.errors.append((f"card in {wanted.channel if wanted else 'any channel'}", error))

    async def _post_or_update(self, now: _Try, wanted: Card) -> None:
        at = now.record.shown.card
        if at is None:
            now.hold.check()
            try:
                ts = await self.gateway.post(wanted)
            except GatewayUnavailableError as error:
                if error.after_s is not None:  # it was turned away, so it did not arrive
                    now.change(posting=None)
                raise
            except GatewayError:
                now.change(posting=None)
                raise
            made = CardAt(channel=wanted.channel, ts=ts, content=wanted.content)
            now.posted = made
            now.change(card=made, posting=None)
        elif at.content != wanted.content:
            await self.gateway.update(wanted, at.ts)
            now.change(card=at.model_copy(update={"content": wanted.content}))
        now.worked.append(f"card in {wanted.channel}")

    async def _withdraw(self, now: _Try) -> None:
        """Take back the card that a process posted which was stopped until another had the message.

        Where the other has not yet recorded a card, it finds both and takes one down itself.
        """
        ours, there = now.posted, await now.hold.stored()
        if ours is None or there is None or there.shown.card is None:
            return
        kept = there.shown.card
        if (kept.channel, kept.ts) != (ours.channel, ours.ts):
            await self.gateway.delete(ours.channel, ours.ts)

    async def _report(self, now: _Try) -> None:
        """Note what Slack refused, take back what works again, and raise what went wrong."""
        team = now.record.message.id.team
        noted = self._problems.get(team)
        if noted is None:
            noted = self._problems[team] = set(await self.workspaces.problems(team))
        for what in noted.intersection(now.worked):
            await self.workspaces.solved(team, what)
            noted.discard(what)
        refused = [one for one in now.errors if not isinstance(one[1], GatewayUnavailableError)]
        for what, error in refused:
            message = str(now.record.message.id)
            log.warning("effect.refused", what=what, message=message, problem=str(error))
            await self.workspaces.problem(team, what, str(error))
            noted.add(what)
        passing = [error for _, error in now.errors if isinstance(error, GatewayUnavailableError)]
        for error in [*passing, *(error for _, error in refused)]:
            raise error
