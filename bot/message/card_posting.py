"""Post, update and delete the cards of a message."""

from bot.message.attempt import Attempt
from bot.slack.card import Card
from bot.slack.errors import CONTENT_CODES, GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.records import CardAt


async def post_or_update(gateway: Gateway, attempt: Attempt, wanted: Card) -> None:
    """Post or update the card of a message; if GatewayError is raised, the card is unchanged.

    If Slack refuses the content, show the card without the message's text. The refusal is recorded,
    because a rate limit may delay the card without text until a later attempt.
    """
    intended = attempt.shown.posting
    if attempt.shown.refused != wanted.content:
        try:
            await _post_or_update(gateway, attempt, wanted)
        except GatewayError as error:
            if wanted.bare is None or error.code not in CONTENT_CODES:
                raise
            attempt.refused["card"] = f"{error}; the card is shown without the message's text"
            attempt.change(refused=wanted.content)
        else:
            attempt.change(refused="")
            attempt.worked.add("card")
            return
        if attempt.shown.card is None:
            await gateway.ready("chat.postMessage", wanted.channel)
            attempt.change(posting=intended)
    if wanted.bare is not None:
        await _post_or_update(gateway, attempt, wanted.bare)


async def _post_or_update(gateway: Gateway, attempt: Attempt, wanted: Card) -> None:
    at = attempt.shown.card
    if at is None:
        await _post(gateway, attempt, wanted)
    elif at.content != wanted.content:
        await gateway.update(wanted, at.ts)
        attempt.change(card=at.model_copy(update={"content": wanted.content}))


async def take_down(gateway: Gateway, attempt: Attempt) -> None:
    """Delete the stale cards."""
    for at in attempt.shown.stale:
        await gateway.delete(at.channel, at.ts)
        attempt.change(stale=attempt.shown.stale[1:], former=(*attempt.shown.former, at))


async def _post(gateway: Gateway, attempt: Attempt, wanted: Card) -> None:
    attempt.hold.check()
    try:
        ts = await gateway.post(wanted)
    except GatewayUnavailableError as error:
        if error.after_s is not None:  # Slack rejected it, so it was not posted
            attempt.change(posting=None)
        elif attempt.shown.posting is not None:
            changes = {"answered": error.answered}
            attempt.change(posting=attempt.shown.posting.model_copy(update=changes))
        raise
    except GatewayError:
        attempt.change(posting=None)
        raise
    attempt.posted = CardAt(channel=wanted.channel, ts=ts, content=wanted.content)
    attempt.change(card=attempt.posted, posting=None)
