"""Finds our own cards in a channel's history: from dead workers, or posted late.

A search that is cut off, as by Slack's limits, goes on where it was.
"""

import time
from collections.abc import AsyncIterator

import structlog

from bot.message.attempt import Attempt
from bot.slack.card import card_about
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.records import CardAt, Posting, Record, Shown

_SKEW_S = 300.0  # between Slack's servers, and since Slack's last answer told its time
_LOOKS_S = (30.0, 300.0)  # after an intention: when to look for a post that lands late

log = structlog.get_logger()


def intention(channel: str, record: Record, slack_time: float) -> Posting:
    """Return the intention to post a card of this message now, at this time by Slack's clock."""
    since = max(float(record.message.id.ts), slack_time - _SKEW_S)
    return Posting(channel=channel, since=f"{since:.6f}", at=time.time())


async def search(gateway: Gateway, sought: Posting, about: str) -> AsyncIterator[Posting]:
    """Continue the search page by page; yield its position after each page.

    History is newest first, so the place is the oldest message that was read: it needs no cursor
    of Slack's, and no new message moves it.
    """
    author = await gateway.author()
    more = "more"
    while more:  # an empty page has no place to go on from, and is the last
        page, more = await gateway.history(sought.channel, sought.since, until=sought.until)
        found = [str(one["ts"]) for one in page if card_about(one, author) == about]
        if not page:
            return
        until = str(page[-1]["ts"])
        sought = sought.model_copy(update={"found": (*sought.found, *found), "until": until})
        yield sought


async def adopt(gateway: Gateway, now: Attempt) -> None:
    """Adopt the card of an attempt that died, or lost Slack's answer, after it had posted."""
    sought = now.shown.posting
    if sought is None:
        return
    if not sought.since:  # it was stored by version 0.1
        sought = sought.model_copy(update={"since": now.record.message.id.ts})
    try:
        async for place in search(gateway, sought, now.about):
            sought = place
            now.change(posting=place)
    except GatewayUnavailableError:
        raise
    except GatewayError as error:  # the channel was left; what is there is looked for once more
        log.warning("card.unseen", channel=sought.channel, problem=str(error))
    ours = _unknown(sought, now.shown)
    now.change(posting=None)
    if ours:
        now.change(card=ours[0], stale=(*now.shown.stale, *ours[1:]))
    elif not sought.answered:
        now.change(late=(*now.shown.late, *_next_look(sought)))


async def look_for_late(gateway: Gateway, now: Attempt) -> None:
    """Find cards that landed late, which are taken down because another card was posted."""
    for late in now.shown.late:
        if late.due > time.time():
            continue
        others = tuple(one for one in now.shown.late if one.at != late.at)
        sought = late
        try:
            async for place in search(gateway, late, now.about):
                sought = place
                now.change(late=(*others, place))
            again = _next_look(sought)
        except GatewayUnavailableError:
            raise
        except GatewayError as error:  # the channel was left: nobody sees what is there
            log.warning("late_card.unseen", channel=late.channel, problem=str(error))
            again = []
        stale = (*now.shown.stale, *_unknown(sought, now.shown))
        now.change(stale=stale, late=(*others, *again))


def _unknown(sought: Posting, shown: Shown) -> list[CardAt]:
    """Return the cards that were found and are not on record, oldest first."""
    known = {at.ts for at in shown.cards if at.channel == sought.channel}
    return [CardAt(channel=sought.channel, ts=ts) for ts in sorted(set(sought.found) - known)]


def _next_look(sought: Posting) -> list[Posting]:
    """Return the search restarted for its next time; None after the last time."""
    if sought.looks >= len(_LOOKS_S):
        return []
    due = (sought.at or time.time()) + _LOOKS_S[sought.looks]
    anew = {"looks": sought.looks + 1, "due": due, "until": "", "found": ()}
    return [sought.model_copy(update=anew)]
