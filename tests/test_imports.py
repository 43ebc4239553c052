"""What is slow to load is loaded by those who use it."""

import subprocess
import sys

import pytest

SLOW = ("openai", "sklearn", "matplotlib", "pyarrow", "ray", "torch")


@pytest.mark.parametrize(
    "module",
    [
        "support_triage.bot.cli",
        "support_triage.bot.in_use",
        "support_triage.bot.bulk",
        "support_triage.bot.evaluating",
        "support_triage.bot.cli_conflicts",
        "support_triage.bot.app",
        "support_triage.classifiers.factory",
    ],
)
def test_local_work_loads_no_library_that_it_does_not_use(module: str) -> None:
    code = f"import sys, {module}; print([one for one in {SLOW} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
