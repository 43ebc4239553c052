"""Show a decision in Slack, with the same result after a crash at any point and a retry."""

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
    classified_error,
)
from bot.slack.gateway import Gateway
from bot.slack.history import ChannelHistory
from storage.records import Hold, LostHoldError, Record
from storage.workspace.workspaces import Workspaces

log = structlog.get_logger()


@dataclass
class Presenter:
    """Show decisions in Slack; store each intention before it is carried out."""

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
        """Show a decision, remove everything else, and return the record afterwards.

        Raise GatewayError if a part could not be shown; the other parts are shown and recorded.
        """
        attempt = Attempt(hold, record)
        ready, wanted = await self._intend(attempt, standing, decision)
        await hold.put(attempt.record)
        effects = [self._show_emoji(attempt, decision.emoji)]
        if ready:
            effects.append(self._show_card(attempt, wanted))
        ended = await asyncio.gather(*effects, return_exceptions=True)
        for part, error in attempt.failed.items():
            if not isinstance(error, GatewayUnavailableError):
                attempt.refused[part] = str(error)
        names = _parts(decision, record)
        attempt.note_problems(names)
        try:
            after = await hold.put(attempt.record)
        except LostHoldError:
            await self._withdraw(attempt)
            raise
        for bug in filter(None, ended):
            raise bug
        await self._report(attempt, record, names)
        return after

    async def recall(self, record: Record, doubt: float) -> Record:
        """Return the record with cards and emoji found in Slack that Redis may have lost.

        `doubt` is the Unix time from which Redis may have lost data, or 0.
        """
        if not doubt:
            return record
        shown, about = record.shown, record.message.id
        known = {(at.channel, at.ts) for at in shown.cards}
        found = await self.channel_history.cards(about, doubt)
        lost = [at for at in found if (at.channel, at.ts) not in known]
        if shown.card is not None or shown.posting is not None:
            changes: dict[str, Any] = {"stale": (*shown.stale, *lost)}
        else:
            changes = {"card": next(iter(lost), None), "stale": (*shown.stale, *lost[1:])}
        emoji = await self.channel_history.emoji(about, doubt) - {shown.emoji}
        changes["maybe_emoji"] = tuple(sorted({*shown.maybe_emoji, *emoji}))
        return record.model_copy(update={"shown": shown.model_copy(update=changes)})

    async def _intend(
        self, attempt: Attempt, standing: Standing | None, decision: Decision
    ) -> tuple[bool, Card | None]:
        """Record the intended changes; return (True if cards may be changed, the wanted card)."""
        shown = attempt.shown
        if shown.emoji != decision.emoji or shown.maybe_emoji:
            possible = {*shown.maybe_emoji, *filter(None, [shown.emoji, decision.emoji])}
            attempt.change(maybe_emoji=tuple(sorted(possible)))
        try:
            await adopt(self.gateway, attempt)
            await look_for_late(self.gateway, attempt)
            wanted = await self._card(attempt.record, standing, decision)
            at = attempt.shown.card
            if at is not None and (wanted is None or at.channel != wanted.channel):
                attempt.change(card=None, stale=(*attempt.shown.stale, at))
            if wanted is not None and attempt.shown.card is None:
                # Wait for the rate limit now: after the lease check, the lease could expire.
                await self.gateway.ready("chat.postMessage", wanted.channel)
                slack_time = self.gateway.slack_time
                attempt.change(posting=intention(wanted.channel, attempt.record, slack_time))
        except GatewayError as error:
            attempt.failed["card"] = error
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
            raise classified_error("conversations.list", error) from None
        if name is not None and found is None:
            raise GatewayError(f"the bot cannot see channel {name}: invite it there")
        return found

    async def _group(self, team: str, mention: str | None) -> str | None:
        """Return the id of the group or user to mention, or the handle if its id is unknown."""
        if mention is None:
            return None
        found, problem = await self._group_or_problem(mention)
        name = f"mention {mention}"
        if found is None:
            log.warning("mention.unknown", mention=mention, problem=problem)
            await self.workspaces.problem(team, name, problem)
            return mention
        await self.workspaces.solved(team, name)
        return found

    async def _group_or_problem(self, mention: str) -> tuple[str | None, str]:
        try:
            found = await self.directory.group(mention)
        except (GatewayError, *FAILURES) as error:
            known = isinstance(error, GatewayError)
            refused = error if known else classified_error("usergroups.list", error)
            if isinstance(refused, GatewayUnavailableError):
                raise refused from None
            return None, str(refused)
        return found, "Slack has no user group with this handle: correct it in triage.toml"

    async def _show_emoji(self, attempt: Attempt, emoji: str | None) -> None:
        at, possible = attempt.record.message.id, attempt.shown.maybe_emoji
        try:
            if emoji is not None and possible:
                await self.gateway.add_emoji(at.channel, at.ts, emoji)
            for other in possible:
                if standard_name(other) != emoji:  # version 0.1 stored names as users wrote them
                    await self.gateway.remove_emoji(at.channel, at.ts, other)
        except GatewayError as error:
            attempt.failed["emoji"] = error
            return
        attempt.change(emoji=emoji, maybe_emoji=())
        attempt.worked.add("emoji")

    async def _show_card(self, attempt: Attempt, wanted: Card | None) -> None:
        try:
            if wanted is None:
                attempt.worked.add("card")
            else:
                await post_or_update(self.gateway, attempt, wanted)
            await take_down(self.gateway, attempt)
        except GatewayError as error:
            attempt.failed["card"] = error

    async def _withdraw(self, attempt: Attempt) -> None:
        """Delete the card of this attempt if another process has posted one meanwhile.

        This happens if the process was suspended until its hold expired. If the other process has
        not recorded a card yet, it will find both cards and delete one.
        """
        ours, stored = attempt.posted, await attempt.hold.stored()
        if ours is None or (stored is not None and stored.shown.card is None):
            return
        kept = None if stored is None else stored.shown.card  # None: its author was forgotten
        if kept is None or (kept.channel, kept.ts) != (ours.channel, ours.ts):
            await self.gateway.delete(ours.channel, ours.ts)

    async def _report(self, attempt: Attempt, before: Record, names: Mapping[Part, str]) -> None:
        """Store the refused parts of a message for `status`, then raise the first error."""
        team = attempt.record.message.id.team
        for name in set(before.problems) - set(attempt.record.problems):
            await self.workspaces.solved(team, name, attempt.about)
        for part, problem in attempt.refused.items():
            log.warning("effect.refused", what=names[part], message=attempt.about, problem=problem)
            await self.workspaces.problem(team, names[part], problem, attempt.about)
        retryable_first = sorted(
            attempt.failed.values(),
            key=lambda error: not isinstance(error, GatewayUnavailableError),
        )
        for error in retryable_first:
            raise error


def _parts(decision: Decision, record: Record) -> dict[Part, str]:
    """Return the name of each part of a decision in `status`."""
    emoji = f"emoji :{decision.emoji}: in {record.message.id.channel}"
    return {"card": f"card in {decision.channel}", "emoji": emoji}
