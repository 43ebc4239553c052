"""The installed wheel, with commands that run as a user runs them, outside the checkout."""

import asyncio
import json
import os
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.sandbox.running import Control

_LONGEST_S = 300  # allows for a busy machine


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and a home folder for its user."""

    triage: Path
    home: Path

    @property
    def python(self) -> Path:
        return self.triage.with_name("python")

    @property
    def wheel(self) -> Path:
        [found] = (self.triage.parents[1] / "dist").glob("*.whl")
        return found

    @property
    def requirements(self) -> str:
        return (self.triage.parents[1] / "requirements.txt").read_text()

    def asked(self, code: str) -> object:
        """Run `code` in the environment's Python, and return the JSON that it prints."""
        command = [str(self.python), "-P", "-c", code]
        shown = subprocess.run(
            command, cwd=self.home, env=self._environment(), capture_output=True, check=True
        )
        return json.loads(shown.stdout)

    def _environment(self, **more: str) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": os.defpath, "COLUMNS": "200"} | more

    async def start(self, folder: Path, *command: str, **environment: str) -> Process:
        """Start a program of the environment in a folder."""
        program, *arguments = command
        return await asyncio.create_subprocess_exec(
            self.triage.with_name(program),
            *arguments,
            cwd=folder,
            env=self._environment(**environment),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )

    async def run(self, folder: Path, *arguments: str, given: str = "", **environment: str) -> Done:
        """Run `triage` to its end; `given` is its standard input."""
        process = await self.start(folder, "triage", *arguments, **environment)
        async with asyncio.timeout(_LONGEST_S):
            out, err = await process.communicate(given.encode())
        assert process.returncode is not None
        done = Done(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in done.out + done.err, done
        return done

    @asynccontextmanager
    async def sandbox(self, folder: Path, *options: str) -> AsyncIterator[tuple[str, Control]]:
        """Serve the wheel's sandbox; yield its address and its people."""
        command = ("python", "-P", "-m", "sandbox", "--stdin-lifeline")
        process = await self.start(folder, *command, *options)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = str(json.loads(await process.stdout.readline())["url"])
            async with httpx2.AsyncClient(base_url=url, timeout=30) as http:
                yield url, Control(http)
        finally:
            process.stdin.close()
            await process.wait()

    @asynccontextmanager
    async def running(self, folder: Path, *arguments: str) -> AsyncIterator[None]:
        """Run the bot; then stop it with SIGTERM, and check its log for errors."""
        process = await self.start(folder, "triage", "run", *arguments)
        reading = asyncio.create_task(process.communicate())
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            _, log = await asyncio.wait_for(reading, _LONGEST_S)
        assert process.returncode == 0, log.decode()
        lines = [json.loads(line) for line in log.decode().splitlines()]
        errors = [one for one in lines if one["level"] in ("error", "critical")]
        assert not errors, errors
        assert any(one.get("path") == str(folder / ".env") for one in lines), lines
