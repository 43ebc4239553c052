"""Brings what people see to what was decided; killed at any point, the next try ends the same."""

from dataclasses import dataclass
from typing import Any

import structlog

from support_triage.bot.cards import Card, Place, card
from support_triage.bot.config import Config
from support_triage.bot.corrections import Standing
from support_triage.bot.directory import Directory
from support_triage.bot.gateway import Gateway, GatewayError, GatewayUnavailableError
from support_triage.storage.records import CardAt, Record, Records, Shown
from support_triage.storage.workspaces import Workspaces

log = structlog.get_logger()


@dataclass
class Presenter:
    """Shows decisions in Slack; each intention is stored before it is acted on."""

    config: Config
    gateway: Gateway
    directory: Directory
    records: Records
    workspaces: Workspaces

    async def show(
        self,
        record: Record,
        standing: Standing | None,
        *,
        emoji: str | None,
        channel: str | None,
        label: str | None,
        mention: str | None,
    ) -> Record:
        """Show this emoji and a card in this channel, and nothing else; the record afterwards."""
        try:
            record = await self._show_emoji(record, emoji)
        except GatewayUnavailableError:
            raise
        except GatewayError as error:
            await self._refused(record, f"emoji {emoji}", error)
        wanted = await self._card(record, standing, channel, label, mention)
        try:
            return await self._show_card(record, wanted)
        except GatewayUnavailableError:
            raise
        except GatewayError as error:
            await self._refused(record, f"card in {channel}", error)
            return await self._save(record, posting=None)

    async def _refused(self, record: Record, what: str, error: GatewayError) -> None:
        log.warning("effect.refused", what=what, message=str(record.message.id), problem=str(error))
        await self.workspaces.problem(record.message.id.team, what, str(error))

    async def _save(self, record: Record, **changes: Any) -> Record:
        shown: Shown = record.shown.model_copy(update=changes)
        record = record.model_copy(update={"shown": shown})
        await self.records.put(record)
        return record

    async def _show_emoji(self, record: Record, emoji: str | None) -> Record:
        shown, at = record.shown, record.message.id
        if shown.emoji == emoji and not shown.maybe_emoji:
            return await self._save(record)
        possible = {*shown.maybe_emoji, *filter(None, [shown.emoji, emoji])}
        record = await self._save(record, maybe_emoji=tuple(sorted(possible)))
        if emoji is not None:
            await self.gateway.add_emoji(at.channel, at.ts, emoji)
        for other in sorted(possible - {emoji}):
            await self.gateway.remove_emoji(at.channel, at.ts, other)
        return await self._save(record, emoji=emoji, maybe_emoji=())

    async def _card(
        self,
        record: Record,
        standing: Standing | None,
        channel: str | None,
        label: str | None,
        mention: str | None,
    ) -> Card | None:
        target = await self.directory.channel(channel)
        if channel is not None and target is None:
            problem = GatewayError(f"channel {channel} is not visible to the bot: invite it there")
            await self._refused(record, f"card in {channel}", problem)
        if target is None:
            return None
        message = record.message
        place = Place(
            channel=target,
            author=await self.directory.user_name(message.user),
            group=await self.directory.group(mention),
            link=await self.gateway.permalink(message.id.channel, message.id.ts),
        )
        return card(
            self.config,
            message,
            place,
            label=label,
            prediction=record.prediction,
            standing=standing,
        )

    async def _show_card(self, record: Record, wanted: Card | None) -> Record:
        record = await self._adopt(record)
        at = record.shown.card
        if wanted is None:
            if at is not None:
                record = await self._save(record, card=None, stale=(*record.shown.stale, at))
        elif at is not None and at.channel == wanted.channel:
            if at.content != wanted.content:
                await self.gateway.update(wanted, at.ts)
                record = await self._save(
                    record, card=at.model_copy(update={"content": wanted.content})
                )
        else:
            record = await self._post(record, wanted)
        return await self._take_down(record)

    async def _adopt(self, record: Record) -> Record:
        """A try before this one may have posted a card and died before it wrote that down."""
        channel, message = record.shown.posting, record.message.id
        if channel is None:
            return record
        ts = await self.gateway.find_card(channel, str(message), message.ts)
        if ts is None:
            return await self._save(record, posting=None)
        return await self._replace(record, CardAt(channel=channel, ts=ts))

    async def _post(self, record: Record, wanted: Card) -> Record:
        record = await self._save(record, posting=wanted.channel)
        ts = await self.gateway.post(wanted)
        return await self._replace(
            record, CardAt(channel=wanted.channel, ts=ts, content=wanted.content)
        )

    async def _replace(self, record: Record, at: CardAt) -> Record:
        old = () if record.shown.card is None else (record.shown.card,)
        return await self._save(record, card=at, posting=None, stale=(*record.shown.stale, *old))

    async def _take_down(self, record: Record) -> Record:
        for at in record.shown.stale:
            await self.gateway.delete(at.channel, at.ts)
            record = await self._save(
                record, stale=record.shown.stale[1:], former=(*record.shown.former, at)
            )
        return record
