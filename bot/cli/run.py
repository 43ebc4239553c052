"""`triage run`: run the bot."""

import asyncio
from typing import Annotated

import typer

from bot.cli.options import ConfigOption, load_own
from bot.config.environment import read_environment
from bot.observe import logs

app = typer.Typer()


@app.command()
def run(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Receive events over HTTP on this port.")
    ] = None,
    role: Annotated[
        str, typer.Option(help="all, intake (only receive) or worker (only answer).")
    ] = "all",
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve /metrics, /healthz and /readyz on this port."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Listen on this address (default: TRIAGE_HOST, else 127.0.0.1)."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Run the bot: over Socket Mode with SLACK_APP_TOKEN, or over HTTP with --port."""
    from bot.app.run import role_of, serve

    settings, loaded = load_own(config)
    logs.tell_settings_file(read_environment()[1])
    asyncio.run(serve(settings, loaded, port, role_of(role), metrics_port, host))
