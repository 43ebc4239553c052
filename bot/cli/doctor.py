"""`triage doctor`: check the installation and advise on each problem."""

import asyncio

import typer
from rich.table import Table

from bot.cli.options import ConfigOption, load_own
from bot.cli.terminal import Terminal, out, styled
from bot.config.config import Config, Settings

app = typer.Typer()


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Check settings, tokens, scopes, channels, people, Redis and the model; advise on problems."""
    settings, loaded = load_own(config)
    raise typer.Exit(asyncio.run(examine(settings, loaded)))


async def examine(settings: Settings, config: Config, terminal: Terminal = out) -> int:
    """Run all checks and print their findings; return 0 if all is well, 1 if not."""
    from bot.cli.checks.installation import check_model, check_redis, check_settings
    from bot.cli.checks.slack import check_slack

    findings = check_settings(settings, config)
    findings += await check_redis(settings)
    findings.append(await check_model(settings, config))
    if settings.slack_bot_token is not None:
        token = settings.slack_bot_token.get_secret_value()
        findings += [found async for found in check_slack(token, settings.slack_api_url, config)]
    table = Table("", "checked", "found", "to do")
    for finding in findings:
        mark = styled("✗", "red") if finding.advice else styled("✓", "green")
        table.add_row(mark, finding.subject, finding.found, finding.advice)
    terminal.print(table)
    return 1 if any(finding.advice for finding in findings) else 0
