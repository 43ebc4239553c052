"""`triage demo`: the real bot in a local Slack, with a short story and a page to try it on."""

import asyncio
import json
import logging
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer
from pydantic import SecretStr

from bot.cli.demo_story import tell
from bot.cli.terminal import out, safe, styled
from bot.config.config import Settings, load_config, shipped_config

if TYPE_CHECKING:  # slow to load
    import httpx2

_START_S = 20.0
_WAIT_S = 15.0
_POLL_S = 0.05

app = typer.Typer()


@app.command()
def demo(
    *, once: Annotated[bool, typer.Option("--once", help="Exit when the story ends.")] = False
) -> None:
    """Try the bot in a local Slack: a short story, then a page to play with."""
    raise typer.Exit(asyncio.run(play(once=once)))


class StoryError(Exception):
    """A step of the story did not happen in time; the message names it."""


class SandboxClient:
    """A client of the sandbox's control API: acts as people in Slack, and reads what they see."""

    def __init__(self, client: "httpx2.AsyncClient") -> None:
        self._client = client

    async def act(self, act: str, **body: Any) -> dict[str, Any]:
        """Act as a person in Slack, and return the sandbox's answer."""
        answer = await self._client.post(f"/control/{act}", json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def state(self) -> dict[str, Any]:
        """Return everything that is visible in the sandbox."""
        found: dict[str, Any] = (await self._client.get("/control/state")).json()
        return found

    async def until(self, what: str, find: Callable[[dict[str, Any]], Any]) -> Any:
        """Return what `find` finds in the state; raise StoryError(what) after 15 seconds."""
        deadline = time.monotonic() + _WAIT_S
        while time.monotonic() < deadline:
            found = find(await self.state())
            if found:
                return found
            await asyncio.sleep(_POLL_S)
        raise StoryError(what)

    def say(self, who: str, text: str) -> None:
        """Print one line of the transcript."""
        style = {"bot": "cyan", "agent": "green", "admin": "magenta"}.get(who, "yellow")
        out.print(styled(f"{who:>9}", style) + "  " + safe(text), soft_wrap=True)


@asynccontextmanager
async def _sandbox() -> AsyncIterator[str]:
    """Run a sandbox process, and yield its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # do not import a folder named `sandbox` in the working directory
        "-m",
        "sandbox",
        "--stdin-lifeline",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _START_S)
        yield json.loads(line)["url"]
    finally:
        process.terminate()
        await process.wait()


def _settings(url: str, folder: Path) -> Settings:
    return Settings(
        slack_bot_token=SecretStr("xoxb-sandbox"),
        slack_app_token=SecretStr("xapp-sandbox"),
        slack_api_url=f"{url}/api/",
        triage_data_dir=folder,
    )


async def play(*, once: bool) -> int:
    """Play the story, then stay up unless `once`; return 0 if the story succeeded, else 1."""
    import httpx2

    from bot.app.bot import open_bot
    from bot.app.health import Health
    from bot.app.socket_mode import serve_socket_mode
    from bot.tasks import watched

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    config = load_config(shipped_config())
    with tempfile.TemporaryDirectory(prefix="triage-demo-") as folder:
        async with _sandbox() as url, open_bot(_settings(url, Path(folder)), config) as bot:
            health = Health(bot)
            settings = _settings(url, Path(folder))
            serving = watched("socket mode", serve_socket_mode(settings, health))
            async with httpx2.AsyncClient(base_url=url, timeout=10) as client:
                failed = await _tell(SandboxClient(client))
            if not once:
                out.say(f"\nOpen {url} to try it yourself. Ctrl+C ends the demo.")
                await _until_interrupted()
            health.stop.set()
            await serving
    return failed


async def _tell(sandbox: SandboxClient) -> int:
    started = time.monotonic()
    try:
        await sandbox.until("the bot connects", lambda state: state["connected"])
        await tell(sandbox)
    except StoryError as error:
        out.say(f"The demo failed. This did not happen: {error}", style="red")
        return 1
    out.say(f"The demo succeeded in {time.monotonic() - started:.1f} s.", style="green")
    return 0


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
