"""Runs the commands of docs/install.md and the Dockerfile that need no container engine."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.install.installed import Installed
from tests.sources import PACKAGES

PAGE = Path("docs/install.md").read_text()
BUILD = re.split(r"^FROM .*\n", Path("Dockerfile").read_text(), flags=re.MULTILINE)[1]
SOURCES = ("pyproject.toml", "uv.lock", "README.md", "LICENSE", "NOTICE", "triage.toml")


@pytest.fixture
def environment(installed: Installed, tmp_path: Path) -> dict[str, str]:
    """Return variables that make uv install into the test's folder, with this Python."""
    uv = shutil.which("uv", path=f"{os.environ['PATH']}:{Path('.bootstrap/bin').absolute()}")
    assert uv is not None
    tools = tmp_path / "tools"
    return os.environ | {
        "PATH": f"{tools / 'bin'}:{Path(uv).parent}:{os.environ['PATH']}",
        "UV_TOOL_DIR": str(tools),
        "UV_TOOL_BIN_DIR": str(tools / "bin"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }


def checkout(folder: Path) -> Path:
    """Copy the sources of the wheel."""
    for name in SOURCES:
        shutil.copy(name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(package, folder / package, ignore=ignored)
    return folder


def shell(commands: str, folder: Path, environment: dict[str, str]) -> str:
    """Run the commands, which must succeed, and return their output."""
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_uv_installs_the_tool_as_the_page_says(
    installed: Installed, environment: dict[str, str], tmp_path: Path
) -> None:
    [commands] = re.findall(r"^```sh\n([^`]*uv tool install[^`]*)^```", PAGE, re.MULTILINE)
    (tmp_path / "checkout").mkdir()
    shown = shell(commands, checkout(tmp_path / "checkout"), environment)
    assert shown.splitlines()[-1].startswith("support-triage ")
    program = tmp_path / "tools" / "support-triage" / "bin" / "python"
    listing = shell(f"uv pip freeze --python {program}", tmp_path, environment)
    found = set(re.findall(r"^(\S+==\S+)$", listing, re.MULTILINE))
    assert len(found) > 20
    assert [one for one in sorted(found) if f"{one} " not in installed.requirements] == []


def test_the_build_stage_makes_what_the_image_runs(
    installed: Installed, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "src"
    folder.mkdir()
    for instruction, words in re.findall(r"^(COPY|RUN) (?!--from)(.+)$", BUILD, re.MULTILINE):
        if instruction == "RUN":
            shell(words, folder, environment)
            continue
        for name in words.split()[:-1]:
            if Path(name).is_dir():
                shutil.copytree(name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(name, folder / name)
    for package in PACKAGES:
        (folder / package).rename(tmp_path / f"{package}, not in the image")
    shown = shell(".venv/bin/triage --version", folder, environment)
    assert shown.startswith("support-triage ")
    traces = shell(".venv/bin/python -P -c 'import opentelemetry.sdk'", folder, environment)
    assert traces == ""
