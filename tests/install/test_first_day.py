"""The steps of docs/install.md: a configuration, `.env`, `triage doctor`, and a working bot."""

import asyncio
import json
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import httpx2
import pytest

from tests.install.conftest import Office, prepare
from tests.install.installed import Installed
from tests.sandbox.running import eventually
from tests.stories.test_process_story import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOCKERFILE = Path("Dockerfile").read_text()
INVOICE = "My invoice shows the wrong amount"
BILLING = "C0BILLING"


async def test_the_wheel_is_enough_to_start(installed: Installed, tmp_path: Path) -> None:
    said = await installed.run(tmp_path, "--version")
    assert said.out == f"support-triage {version('support-triage')}\n"
    ran = await installed.run(tmp_path, "run")
    assert ran.code == 2
    assert "Create it with `triage config init triage.toml`" in ran.err
    assert "Wrote triage.toml" in (await installed.run(tmp_path, "config", "init")).out
    ran = await installed.run(tmp_path, "run")
    assert ran.code == 2
    assert "SLACK_APP_TOKEN: not set" in ran.err


async def test_over_socket_mode(office: Office) -> None:
    checked = await office.installed.run(office.folder, "doctor")
    assert checked.code == 0, checked
    await office.labelled(INVOICE, "moneybag", BILLING)
    assert "1 labelled" in await office.command("status")


async def test_over_http_with_metrics_on_another_port(installed: Installed, tmp_path: Path) -> None:
    port, metrics = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    async with (
        installed.sandbox(tmp_path, "--event-url", f"{address}/slack/events") as (url, people),
        httpx2.AsyncClient() as client,
    ):
        await prepare(installed, tmp_path, url, "SLACK_SIGNING_SECRET=sandbox-signing-secret")
        checked = await installed.run(tmp_path, "doctor")
        assert checked.code == 0, checked
        options = ("--port", str(port), "--metrics-port", str(metrics))
        async with installed.running(tmp_path, *options):

            async def answers(path: str) -> bool:
                try:
                    return (await client.get(path)).status_code == 200
                except httpx2.TransportError:
                    return False

            await eventually(lambda: answers(f"http://127.0.0.1:{metrics}/readyz"), 180)
            assert await answers(f"http://127.0.0.1:{metrics}/metrics")
            assert await asyncio.to_thread(healthy, installed, metrics)
            assert not await answers(f"{address}/metrics")
            office = Office(installed, tmp_path, people)
            await office.labelled(INVOICE, "moneybag", BILLING)
            assert "1 labelled" in await office.command("status")
        assert not await asyncio.to_thread(healthy, installed, metrics)


def healthy(installed: Installed, metrics: int) -> bool:
    """Return True if the image's health check finds a live bot."""
    [check] = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (.+)$", DOCKERFILE, re.MULTILINE)
    _, *arguments = json.loads(check)
    given = {"TRIAGE_METRICS_PORT": str(metrics)}
    command = [str(installed.python), *arguments]
    return subprocess.run(command, env=given, check=False, capture_output=True).returncode == 0


async def test_the_sandbox_has_its_page(installed: Installed, tmp_path: Path) -> None:
    async with installed.sandbox(tmp_path) as (url, _), httpx2.AsyncClient(base_url=url) as client:
        page = await client.get("/")
        named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
        assert len(named) > 1
        for path in (*named, "/static/emoji.json"):
            assert (await client.get(path)).status_code == 200, path
