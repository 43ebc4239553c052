"""Find our cards in a channel's history that a dead worker posted or that arrived late.

An interrupted search, such as by a rate limit, resumes where it stopped.
"""

import time
from collections.abc import AsyncIterator

import structlog

from bot.message.attempt import Attempt
from bot.slack.card import card_about
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.records import CardAt, Posting, Record, Shown

_SKEW_S = 300.0  # maximum error of `slack_time`: Slack's servers differ, our clock drifts
_LOOKS_S = (30.0, 300.0)  # times of the searches for a late card, after the call to post it

log = structlog.get_logger()


def intention(channel: str, record: Record, slack_time: float) -> Posting:
    """Return the intention to post a card of a message now, at Slack's Unix time `slack_time`."""
    since = max(float(record.message.id.ts), slack_time - _SKEW_S)
    return Posting(channel=channel, since=f"{since:.6f}", at=time.time())


async def search(gateway: Gateway, sought: Posting, about: str) -> AsyncIterator[Posting]:
    """Continue a search page by page; yield its position after each page.

    History is newest first, so the position is the oldest message read: unlike a cursor, it does
    not expire, and new messages do not move it.
    """
    author = await gateway.author()
    more = "more"
    while more:  # an empty page is the last
        page, more = await gateway.history(sought.channel, sought.since, until=sought.until)
        found = [str(message["ts"]) for message in page if card_about(message, author) == about]
        if not page:
            return
        until = str(page[-1]["ts"])
        sought = sought.model_copy(update={"found": (*sought.found, *found), "until": until})
        yield sought


async def adopt(gateway: Gateway, attempt: Attempt) -> None:
    """Adopt a card posted by an attempt that died or that lost Slack's answer."""
    sought = attempt.shown.posting
    if sought is None:
        return
    if not sought.since:  # it was stored by version 0.1
        sought = sought.model_copy(update={"since": attempt.record.message.id.ts})
    try:
        async for place in search(gateway, sought, attempt.about):
            sought = place
            attempt.change(posting=place)
    except GatewayUnavailableError:
        raise
    except GatewayError as error:  # the bot left the channel; the next search retries
        log.warning("card.unseen", channel=sought.channel, problem=str(error))
    ours = _unrecorded(sought, attempt.shown)
    attempt.change(posting=None)
    if ours:
        attempt.change(card=ours[0], stale=(*attempt.shown.stale, *ours[1:]))
    elif not sought.answered:
        attempt.change(late=(*attempt.shown.late, *_next_look(sought)))


async def look_for_late(gateway: Gateway, attempt: Attempt) -> None:
    """Find cards that arrived late and mark them stale, because another card was posted."""
    for late in attempt.shown.late:
        if late.due > time.time():
            continue
        others = tuple(other for other in attempt.shown.late if other.at != late.at)
        sought = late
        try:
            async for place in search(gateway, late, attempt.about):
                sought = place
                attempt.change(late=(*others, place))
            again = _next_look(sought)
        except GatewayUnavailableError:
            raise
        except GatewayError as error:  # the bot left the channel, so it cannot delete the card
            log.warning("late_card.unseen", channel=late.channel, problem=str(error))
            again = []
        stale = (*attempt.shown.stale, *_unrecorded(sought, attempt.shown))
        attempt.change(stale=stale, late=(*others, *again))


def _unrecorded(sought: Posting, shown: Shown) -> list[CardAt]:
    """Return the found cards that are not on record, oldest first."""
    known = {at.ts for at in shown.cards if at.channel == sought.channel}
    return [CardAt(channel=sought.channel, ts=ts) for ts in sorted(set(sought.found) - known)]


def _next_look(sought: Posting) -> list[Posting]:
    """Return the search to run next, from the start again; empty after the last search."""
    if sought.looks >= len(_LOOKS_S):
        return []
    due = (sought.at or time.time()) + _LOOKS_S[sought.looks]
    reset = {"looks": sought.looks + 1, "due": due, "until": "", "found": ()}
    return [sought.model_copy(update=reset)]
