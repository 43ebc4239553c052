"""`triage doctor`: check the installation and say what to do."""

import asyncio

import typer
from rich.table import Table

from bot.cli.options import ConfigOption, load_own
from bot.cli.terminal import Terminal, out, styled
from bot.config.config import Config, Settings

app = typer.Typer()


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Check every setting, token, scope, channel, Redis and the model; say what to do."""
    settings, loaded = load_own(config)
    raise typer.Exit(asyncio.run(examine(settings, loaded)))


async def examine(settings: Settings, config: Config, terminal: Terminal = out) -> int:
    """Check everything and print the findings; 0 if all is well, 1 if there is something to do."""
    from bot.cli.checks.installation import check_model, check_redis, check_settings
    from bot.cli.checks.slack import check_slack

    findings = check_settings(settings, config)
    findings += await check_redis(settings)
    findings.append(await check_model(settings, config))
    if settings.slack_bot_token is not None:
        token = settings.slack_bot_token.get_secret_value()
        findings += [one async for one in check_slack(token, settings.slack_api_url, config)]
    table = Table("", "what", "found", "to do")
    for one in findings:
        mark = styled("✗", "red") if one.advice else styled("✓", "green")
        table.add_row(mark, one.what, one.found, one.advice)
    terminal.print(table)
    return 1 if any(one.advice for one in findings) else 0
