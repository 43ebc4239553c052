"""The model to call: llama.cpp's server in a child process, or any server by its URL."""

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers.base import Usage
from classifiers.config import SHIPPED_PRICES, LlmChoice, LlmConfig
from classifiers.llm import prompt
from classifiers.llm.chat import Chat
from classifiers.llm.llm import request
from classifiers.llm.selection import Selection

PYTHON = Path(".benchmarks/llm/bin/python")
PRICED_AS = "gpt-6-luna"
_START_S = 180


def config(model: str, **changes: Any) -> LlmConfig:
    """Return settings with one request at a time, a long timeout, and the shipped model's price."""
    table = {"timeout_s": 300, "max_concurrency": 1, "prices": {model: SHIPPED_PRICES[PRICED_AS]}}
    return LlmConfig.model_validate(table | changes)


@asynccontextmanager
async def local_server(model: str, threads: int) -> AsyncIterator[LlmChoice]:
    """Run llama.cpp's server with a small model on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(PYTHON), "-m", "benchmarks.llm.serve", model, str(port)]
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own module
        [*command, "--threads", str(threads)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await _listening(port, process)
        yield LlmChoice(model, "", f"http://127.0.0.1:{port}/v1/")
    finally:
        process.terminate()
        process.wait()


async def _listening(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /health HTTP/1.0\r\n\r\n")
            ready = b" 200 " in await reader.readline()
            writer.close()
        except OSError:
            ready = False
        if ready:
            return
        await asyncio.sleep(0.5)
    raise SystemExit(f"the server did not start. Run {PYTHON} -m benchmarks.llm.serve to see why.")


@dataclass(frozen=True)
class Asker:
    """Calls the model with a modified selection, such as shots in another order."""

    chat: Chat
    model: str

    async def label(self, selection: Selection, text: str) -> str | None:
        """Return the label that the model names, or None."""
        found, _ = await self.ask(selection, text)
        return found

    async def ask(self, selection: Selection, text: str) -> tuple[str | None, Usage]:
        """Return the label that the model names, or None, and the usage."""
        reply = await self.chat.complete(request(selection, text), selection.labels)
        return prompt.parse(reply.answer.text, selection.labels.names), reply.usage
