"""Child processes of the benchmark, and their use of memory and CPU."""

import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_TRIAGE = "from bot.cli.main import main; main()"


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def cpu_s(pid: int) -> float:
    """Return the user and system time of a process in seconds."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


@asynccontextmanager
async def child(environment: Mapping[str, str], *arguments: str) -> AsyncIterator[Process]:
    """Run a Python process that logs to a file; end it with SIGTERM."""
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**os.environ, **environment}, stdout=log, stderr=log
        )
        try:
            yield process
        except BaseException:
            log.seek(max(0, log.tell() - 4000))
            sys.stderr.write(log.read().decode(errors="replace"))
            raise
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def triage(environment: Mapping[str, str], *arguments: str) -> AsyncIterator[Process]:
    """Run `triage run` with these arguments."""
    return child(environment, "-c", _TRIAGE, "run", *arguments)


async def listening(port: int, seconds: float = 60) -> None:
    """Wait until a port accepts connections."""
    until = time.monotonic() + seconds
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
