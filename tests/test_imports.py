"""What is slow to load is loaded by those who use it."""

import subprocess
import sys

import pytest

SLOW = ("openai", "sklearn", "matplotlib", "pyarrow", "ray", "torch")


def loaded(module: str, *names: str) -> str:
    """Return which of these libraries a module loads, as a list is printed."""
    code = f"import sys, {module}; print([one for one in {names} if one in sys.modules])"
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
def test_local_work_loads_no_library_that_it_does_not_use(module: str) -> None:
    assert loaded(module, *SLOW) == "[]"


def test_a_verb_starts_without_what_other_verbs_use() -> None:
    assert loaded("bot.cli.main", *SLOW, "slack_sdk", "slack_bolt", "aiohttp") == "[]"
