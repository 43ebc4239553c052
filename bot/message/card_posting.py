"""Posts, updates and deletes the cards of a message."""

from bot.message.attempt import Attempt
from bot.slack.card import Card
from bot.slack.errors import CONTENT_WORDS, GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.records import CardAt


async def post_or_update(gateway: Gateway, now: Attempt, wanted: Card) -> None:
    """Post or update the message's one card; a GatewayError leaves it unchanged.

    Where Slack refuses the text of the card, it goes without: that is remembered, as the turn for
    the second post may come with a later attempt.
    """
    intended = now.shown.posting
    if now.shown.refused != wanted.content:
        try:
            await _bring(gateway, now, wanted)
        except GatewayError as error:
            if wanted.bare is None or error.word not in CONTENT_WORDS:
                raise
            now.refused["card"] = f"{error}; the card is shown without the message's text"
            now.change(refused=wanted.content)
        else:
            now.change(refused="")
            now.worked.add("card")
            return
        if now.shown.card is None:
            await gateway.ready("chat.postMessage", wanted.channel)
            now.change(posting=intended)
    if wanted.bare is not None:
        await _bring(gateway, now, wanted.bare)


async def _bring(gateway: Gateway, now: Attempt, wanted: Card) -> None:
    at = now.shown.card
    if at is None:
        await _post(gateway, now, wanted)
    elif at.content != wanted.content:
        await gateway.update(wanted, at.ts)
        now.change(card=at.model_copy(update={"content": wanted.content}))


async def take_down(gateway: Gateway, now: Attempt) -> None:
    """Delete the cards that are no longer wanted."""
    for at in now.shown.stale:
        await gateway.delete(at.channel, at.ts)
        now.change(stale=now.shown.stale[1:], former=(*now.shown.former, at))


async def _post(gateway: Gateway, now: Attempt, wanted: Card) -> None:
    now.hold.check()
    try:
        ts = await gateway.post(wanted)
    except GatewayUnavailableError as error:
        if error.after_s is not None:  # it was turned away, so it did not arrive
            now.change(posting=None)
        elif now.shown.posting is not None:
            known = {"answered": error.answered}
            now.change(posting=now.shown.posting.model_copy(update=known))
        raise
    except GatewayError:
        now.change(posting=None)
        raise
    now.posted = CardAt(channel=wanted.channel, ts=ts, content=wanted.content)
    now.change(card=now.posted, posting=None)
