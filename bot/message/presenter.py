"""Brings what people see to what was decided; killed at any point, the next try ends the same."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.config.config import Config
from bot.config.emoji_names import standard_name
from bot.message.attempt import Attempt, Part
from bot.message.card_posting import post_or_update, take_down
from bot.message.card_search import adopt, intention, look_for_late
from bot.message.cards import Place, card
from bot.message.corrections import Standing
from bot.message.decision import Decision
from bot.slack.card import Card
from bot.slack.directory import Directory
from bot.slack.errors import (
    FAILURES,
    GatewayError,
    GatewayUnavailableError,
    sorted_error,
)
from bot.slack.gateway import Gateway
from bot.slack.history import ChannelHistory
from storage.records import Hold, LostHoldError, Record
from storage.workspace.workspaces import Workspaces

log = structlog.get_logger()


@dataclass
class Presenter:
    """Shows decisions in Slack; the intentions are stored before they are acted on."""

    config: Config
    gateway: Gateway
    directory: Directory
    workspaces: Workspaces
    channel_history: ChannelHistory = field(init=False)

    def __post_init__(self) -> None:
        self.channel_history = ChannelHistory(self.config, self.gateway, self.directory)

    async def show(
        self, hold: Hold, record: Record, standing: Standing | None, decision: Decision
    ) -> Record:
        """Show this decision and nothing else; the record afterwards.

        Raises GatewayError where a part of it could not be shown: the rest is, and is recorded.
        """
        now = Attempt(hold, record)
        ready, wanted = await self._intend(now, standing, decision)
        await hold.put(now.record)
        effects = [self._show_emoji(now, decision.emoji)]
        if ready:
            effects.append(self._show_card(now, wanted))
        ended = await asyncio.gather(*effects, return_exceptions=True)
        for part, error in now.failed.items():
            if not isinstance(error, GatewayUnavailableError):
                now.refused[part] = str(error)
        names = _parts(decision, record)
        now.note_problems(names)
        try:
            after = await hold.put(now.record)
        except LostHoldError:
            await self._withdraw(now)
            raise
        for bug in filter(None, ended):
            raise bug
        await self._report(now, record, names)
        return after

    async def recall(self, record: Record, doubt: float) -> Record:
        """With what may be shown already although it is not on record, since a server lost it."""
        if not doubt:
            return record
        shown, about = record.shown, record.message.id
        known = {(at.channel, at.ts) for at in shown.cards}
        there = await self.channel_history.cards(about, doubt)
        lost = [at for at in there if (at.channel, at.ts) not in known]
        if shown.card is not None or shown.posting is not None:
            changes: dict[str, Any] = {"stale": (*shown.stale, *lost)}
        else:
            changes = {"card": next(iter(lost), None), "stale": (*shown.stale, *lost[1:])}
        emoji = await self.channel_history.emoji(about, doubt) - {shown.emoji}
        changes["maybe_emoji"] = tuple(sorted({*shown.maybe_emoji, *emoji}))
        return record.model_copy(update={"shown": shown.model_copy(update=changes)})

    async def _intend(
        self, now: Attempt, standing: Standing | None, decision: Decision
    ) -> tuple[bool, Card | None]:
        """Write down what may become visible; whether cards may be touched, and the one wanted."""
        shown = now.shown
        if shown.emoji != decision.emoji or shown.maybe_emoji:
            possible = {*shown.maybe_emoji, *filter(None, [shown.emoji, decision.emoji])}
            now.change(maybe_emoji=tuple(sorted(possible)))
        try:
            await adopt(self.gateway, now)
            await look_for_late(self.gateway, now)
            wanted = await self._card(now.record, standing, decision)
            at = now.shown.card
            if at is not None and (wanted is None or at.channel != wanted.channel):
                now.change(card=None, stale=(*now.shown.stale, at))
            if wanted is not None and now.shown.card is None:
                # The turn comes first: between the check of the lease and the post is no wait.
                await self.gateway.ready("chat.postMessage", wanted.channel)
                slack_time = self.gateway.slack_time
                now.change(posting=intention(wanted.channel, now.record, slack_time))
        except GatewayError as error:
            now.failed["card"] = error
            return False, None
        return True, wanted

    async def _card(
        self, record: Record, standing: Standing | None, decision: Decision
    ) -> Card | None:
        target = await self._channel(decision.channel)
        if target is None:
            return None
        message = record.message
        place = Place(
            channel=target,
            author=await self.directory.user_name(message.user),
            group=await self._group(message.id.team, decision.mention),
            link=await self.gateway.permalink(message.id.channel, message.id.ts),
        )
        return card(
            self.config,
            message,
            place,
            label=decision.label,
            prediction=record.prediction,
            standing=standing,
            quote=decision.quote,
        )

    async def _channel(self, name: str | None) -> str | None:
        try:
            found = await self.directory.channel(name)
        except FAILURES as error:
            raise sorted_error("conversations.list", error) from None
        if name is not None and found is None:
            raise GatewayError(f"channel {name} is not visible to the bot: invite it there")
        return found

    async def _group(self, team: str, mention: str | None) -> str | None:
        """The id of whom to tell; the handle where Slack names none, which `status` then says."""
        if mention is None:
            return None
        found, problem = await self._group_or_problem(mention)
        what = f"mention {mention}"
        if found is None:
            log.warning("mention.unknown", mention=mention, problem=problem)
            await self.workspaces.problem(team, what, problem)
            return mention
        await self.workspaces.solved(team, what)
        return found

    async def _group_or_problem(self, mention: str) -> tuple[str | None, str]:
        try:
            found = await self.directory.group(mention)
        except (GatewayError, *FAILURES) as error:
            known = isinstance(error, GatewayError)
            refused = error if known else sorted_error("usergroups.list", error)
            if isinstance(refused, GatewayUnavailableError):
                raise refused from None
            return None, str(refused)
        return found, "Slack knows no user group with this handle: correct it in triage.toml"

    async def _show_emoji(self, now: Attempt, emoji: str | None) -> None:
        at, possible = now.record.message.id, now.shown.maybe_emoji
        try:
            if emoji is not None and possible:
                await self.gateway.add_emoji(at.channel, at.ts, emoji)
            for other in possible:
                if standard_name(other) != emoji:  # 0.1 kept names as they were written
                    await self.gateway.remove_emoji(at.channel, at.ts, other)
        except GatewayError as error:
            now.failed["emoji"] = error
            return
        now.change(emoji=emoji, maybe_emoji=())
        now.worked.add("emoji")

    async def _show_card(self, now: Attempt, wanted: Card | None) -> None:
        try:
            if wanted is None:
                now.worked.add("card")
            else:
                await post_or_update(self.gateway, now, wanted)
            await take_down(self.gateway, now)
        except GatewayError as error:
            now.failed["card"] = error

    async def _withdraw(self, now: Attempt) -> None:
        """Take back the card that a process posted which was stopped until another had the message.

        Where the other has not yet recorded a card, it finds both and takes one down itself.
        """
        ours, there = now.posted, await now.hold.stored()
        if ours is None or (there is not None and there.shown.card is None):
            return
        kept = None if there is None else there.shown.card  # None: its author was forgotten
        if kept is None or (kept.channel, kept.ts) != (ours.channel, ours.ts):
            await self.gateway.delete(ours.channel, ours.ts)

    async def _report(self, now: Attempt, before: Record, names: Mapping[Part, str]) -> None:
        """Tell `status` what Slack refuses of this message, and raise what went wrong."""
        team = now.record.message.id.team
        for what in set(before.problems) - set(now.record.problems):
            await self.workspaces.solved(team, what, now.about)
        for part, problem in now.refused.items():
            log.warning("effect.refused", what=names[part], message=now.about, problem=problem)
            await self.workspaces.problem(team, names[part], problem, now.about)
        passing_first = sorted(
            now.failed.values(), key=lambda one: not isinstance(one, GatewayUnavailableError)
        )
        for error in passing_first:
            raise error


def _parts(decision: Decision, record: Record) -> dict[Part, str]:
    """Return what `status` calls the parts of a decision."""
    emoji = f"emoji :{decision.emoji}: in {record.message.id.channel}"
    return {"card": f"card in {decision.channel}", "emoji": emoji}
