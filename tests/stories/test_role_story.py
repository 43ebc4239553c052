"""Intake and workers as processes of their own: who loads what, who answers, and how each ends."""

import asyncio
import re
import signal
import socket
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from bot.app.run import role_of
from bot.config.config import ConfigError
from sandbox.config import SandboxConfig
from storage.server.protocol import Client
from tests.sandbox.running import eventually, running_sandbox
from tests.stories.conftest import SUPPORT
from tests.stories.test_process_story import TICKET, cards, free_port, triage_run

MODEL_LIBRARIES = ("onnxruntime", "scipy", "tokenizers")


def loaded(process: Process) -> set[str]:
    """Which of the model's libraries a process has mapped."""
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    return {name for name in MODEL_LIBRARIES if re.search(rf"/{name}[./-]", maps)}


def listens(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


async def ended(process: Process) -> int:
    process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(process.wait(), 20)


@pytest.mark.slow
@pytest.mark.timeout(180)  # five processes start
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
async def test_two_intakes_and_a_worker_answer_and_a_rolling_restart_loses_nothing(
    redis: Client, valkey_url: str
) -> None:
    async with running_sandbox(SandboxConfig(retry_scale=0.01)) as sandbox:
        sockets = sandbox.server.sandbox.sockets
        async with (
            triage_run(sandbox, valkey_url, "--role", "intake") as first,
            triage_run(sandbox, valkey_url, "--role", "intake"),
        ):
            await eventually(lambda: len(sockets.connections) == 2, 60)
            assert loaded(first) == set()
            sent = [
                await sandbox.control.post("U0CLEO", SUPPORT, f"{TICKET}, number {number}")
                for number in range(6)
            ]

            async def acked() -> bool:
                return all(one["acked"] for one in await sandbox.control.deliveries())

            await eventually(acked, 20)
            await sandbox.control.slash("U0ADA", SUPPORT, "/triage", "status")
            assert await cards(sandbox) == []  # nobody answers yet
            assert await sandbox.control.ephemerals("U0ADA") == []

            async with triage_run(sandbox, valkey_url, "--role", "worker") as worker:

                async def answered() -> bool:
                    return len(await cards(sandbox)) == len(sent)

                await eventually(answered, 60)

                async def told() -> str:
                    return "".join(
                        str(one["text"]) for one in await sandbox.control.ephemerals("U0ADA")
                    )

                assert "*Status*" in await eventually(told)
                assert loaded(worker) >= {"onnxruntime", "tokenizers"}
                assert await ended(first) == 0
                await eventually(lambda: len(sockets.connections) == 1)
                sent.append(await sandbox.control.post("U0CLEO", SUPPORT, f"{TICKET}, the last"))
                await eventually(answered, 30)
                assert await ended(worker) == 0
            assert sorted(await cards(sandbox)) == sorted(f"{SUPPORT}:{ts}" for ts in sent)


@pytest.mark.timeout(180)
async def test_intake_over_http_leaves_the_answer_to_a_worker(
    redis: Client, valkey_url: str
) -> None:
    port = free_port()
    config = SandboxConfig(event_url=f"http://127.0.0.1:{port}/slack/events", retry_scale=0.01)
    async with (
        running_sandbox(config) as sandbox,
        triage_run(sandbox, valkey_url, "--role", "intake", "--port", str(port)),
        triage_run(sandbox, valkey_url, "--role", "worker"),
    ):
        await eventually(lambda: listens(port), 60)
        ts = await sandbox.control.post("U0CLEO", SUPPORT, TICKET)

        async def carded() -> bool:
            return await cards(sandbox) == [f"{SUPPORT}:{ts}"]

        await eventually(carded, 60)


def test_an_unknown_role_is_said() -> None:
    with pytest.raises(ConfigError, match=r"--role.*all, intake, worker"):
        role_of("queen")
