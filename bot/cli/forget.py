"""`triage forget`: count everything that a person wrote, or remove it."""

import asyncio
import re
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import WHO, ConfigOption, TeamOption, load
from bot.cli.terminal import out
from bot.config.config import Config, ConfigError, Settings
from bot.workspace import open_store
from storage.server.append_only import rewrite
from storage.server.limiter import Limiter
from storage.stores import Stores

if TYPE_CHECKING:  # slow to load
    from bot.admin.forget import Forgetter

_POLL_S = 0.5
_REPORT_S = 10.0

app = typer.Typer()


@app.command()
def forget(
    user: Annotated[str, typer.Argument(help="The person's member id in Slack (U…).")],
    team: TeamOption = None,
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove everything; without this, only count.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Remove everything that a person wrote: messages, predictions, examples and cards."""
    settings, loaded = load(config)
    asyncio.run(forget_person(settings, loaded, user, team, apply=apply))


async def forget_person(
    settings: Settings, config: Config, user: str, team: str | None, *, apply: bool
) -> None:
    """Print what is stored of a person; with `apply`, remove it. Cards need SLACK_BOT_TOKEN."""
    from bot.admin.forget import Forgetter, nothing
    from bot.admin.forget_report import found_lines
    from bot.slack.client import web_client, web_session
    from bot.slack.gateway import Gateway
    from bot.slack.pacing import Pacing

    if not re.fullmatch(r"[A-Z0-9]{2,}", user):
        raise ConfigError("USER: give the member id from the person's Slack profile: U0123ABCD")
    token = settings.slack_bot_token
    async with (
        open_store(settings, team, config.keep.seconds) as store,
        nullcontext() if token is None else web_session() as session,
    ):
        gateway = None
        if token is not None:
            client = web_client(token.get_secret_value(), settings.slack_api_url, session)
            pacing = Pacing(Limiter(store.redis, store.team), config.pacing)
            gateway = Gateway(client, pacing)
        embedded = settings.redis_url is None
        forgetter = Forgetter(
            store,
            gateway,
            (lambda: rewrite(store.redis)) if embedded else nothing,
        )
        found = await forgetter.look(user)
        out.say(*found_lines(found))
        if not apply:
            out.say("To remove all of it, add --apply. This cannot be undone.")
            return
        await store.workspaces.audit(store.team, WHO, "forget", user=user)
        await forgetter.forgets.begin(user, WHO, len(found.records))
        await _follow(store, forgetter, user)


async def _follow(store: Stores, forgetter: "Forgetter", user: str) -> None:
    """Carry out a forget request, or watch the bot do it if only the bot has a Slack token.

    After an interruption, the same command or a running bot resumes the request.
    """
    from bot.admin.forget_report import forget_lines

    next_report = asyncio.get_running_loop().time()
    while True:
        asked = (await forgetter.forgets.running()).get(user)
        if asked is not None and not (forgetter.gateway is None and await _bot_runs(store)):
            await forgetter.advance(user, asked)
        request = await forgetter.forgets.get(user)
        if request is None or request.finished is not None:
            break
        if asyncio.get_running_loop().time() > next_report:
            out.say(forget_lines(request, user)[0])
            next_report += _REPORT_S
        await asyncio.sleep(_POLL_S)
    if request is not None:
        out.say(*forget_lines(request, user))


async def _bot_runs(store: Stores) -> bool:
    return await store.inbox.listened(store.team)
