"""Runs `triage` as a user does: inside the test, or as a process if the process is tested."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner, Result

from bot.cli import main as cli
from bot.observe import logs

Done = subprocess.CompletedProcess[str]
CODE = "from bot.cli.main import main; main()"


def triage(*arguments: str, stdin: str = "", folder: Path | str = ".", **environment: str) -> Done:
    """Run a command in this process, which saves a start; leave the logging configuration."""
    given = {"TRIAGE_DATA_DIR": "/nonexistent"} | environment
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _main(arguments, stdin, folder, given)
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(_main, arguments, stdin, folder, given).result()


def _main(
    arguments: tuple[str, ...], stdin: str, folder: Path | str, environment: Mapping[str, str]
) -> Done:
    with (
        chdir(folder),
        patch.object(sys, "argv", ["triage", *arguments]),
        patch.object(logs, "configure"),
        CliRunner().isolation(stdin, environment) as (out, err, _),
    ):
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
        return Done(arguments, code, out.getvalue().decode(), err.getvalue().decode())


async def invoke(url: str, *arguments: str) -> Result:
    """Run a command on a thread of this process; the result holds the exception, if any."""
    environment = {"REDIS_URL": url, "COLUMNS": "200"}
    return await asyncio.to_thread(
        lambda: CliRunner().invoke(cli.app, list(arguments), env=environment)
    )


def process(*arguments: str, stdin: str = "", folder: Path | str = ".", **environment: str) -> Done:
    """Run a command as a process, isolated from this environment and folder."""
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-P", "-c", CODE, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=known | {"COLUMNS": "200", "PYTHONPATH": str(Path.cwd())} | environment,
    )
