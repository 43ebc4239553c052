"""Slow libraries are imported only by the code that uses them."""

import subprocess
import sys

import pytest

SLOW = ("openai", "sklearn", "matplotlib", "pyarrow", "ray", "torch")


def loaded(module: str, *names: str) -> str:
    """Return the libraries among `names` that a module imports, as a printed list."""
    code = f"import sys, {module}; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module",
    [
        "bot.cli.main",
        "bot.bulk.choose",
        "bot.bulk.classify",
        "bot.bulk.evaluate",
        "learning.dataset.conflicts",
        "bot.app.bot",
        "classifiers.factory",
    ],
)
def test_local_work_loads_no_slow_library(module: str) -> None:
    assert loaded(module, *SLOW) == "[]"


def test_the_command_line_loads_no_library_at_start() -> None:
    assert loaded("bot.cli.main", *SLOW, "slack_sdk", "slack_bolt", "aiohttp") == "[]"
