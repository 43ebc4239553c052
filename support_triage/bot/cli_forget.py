"""`triage forget`: all that a person wrote, counted first and then removed."""

from support_triage.bot.cli_data import open_store
from support_triage.bot.config import Config, Settings
from support_triage.bot.forgetting import forget
from support_triage.bot.gateway import Gateway, web_client
from support_triage.bot.pacing import Pacing
from support_triage.bot.terminal import out
from support_triage.storage.forgetting import Forgetting
from support_triage.storage.limiter import Limiter


async def forget_person(
    settings: Settings, config: Config, user: str, team: str | None, *, apply: bool
) -> None:
    """Print what there is of a person, or with `apply` remove it; cards need SLACK_BOT_TOKEN."""
    token = settings.slack_bot_token
    left: list[str] = []

    async def leave(channel: str, ts: str) -> None:
        left.append(f"{channel}:{ts}")

    async with open_store(settings, team) as store:
        take_down = leave
        if token is not None:
            client = web_client(token.get_secret_value(), settings.slack_api_url)
            take_down = Gateway(
                client, Pacing(Limiter(store.redis, store.team), config.pacing)
            ).delete
        done = await forget(Forgetting(store.redis), take_down, store.team, user, apply=apply)
        if apply:
            await store.workspaces.audit(store.team, "command line", "forget", user=user)
    out.say(*done.lines)
    if left:
        out.say(f"Not taken down, as SLACK_BOT_TOKEN is not set: {', '.join(left)}")
    out.say("Removed." if apply else "Nothing was removed: add --apply to do it.")
