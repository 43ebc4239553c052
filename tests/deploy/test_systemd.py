"""The systemd unit: valid, sandboxed, and with the same settings as `deploy/systemd/triage`."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config.config import Settings

FOLDER = Path("deploy/systemd").absolute()
UNIT = (FOLDER / "support-triage.service").read_text()
PROGRAM = "/opt/support-triage/bin/triage"
SHUT_IN = {
    *("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes"),
    *("PrivateTmp=yes", "CapabilityBoundingSet=", "RestrictNamespaces=yes"),
    *("MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "UMask=0077"),
}
EXPOSURE_MAX = 2.0


def service(text: str = UNIT) -> list[str]:
    """Return the settings of the section `[Service]`."""
    found = re.search(r"^\[Service\]\n(.*?)^\[Install\]", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return [line for line in found[1].splitlines() if line and not line.startswith("#")]


def test_the_service_has_no_right_that_it_does_not_need() -> None:
    assert set(service()) >= SHUT_IN


def test_what_it_sets_are_settings_and_its_folders_are_its_own() -> None:
    given = dict(
        line.removeprefix("Environment=").split("=", 1)
        for line in service()
        if line.startswith("Environment=")
    )
    ours = {name.lower() for name in given if name.startswith("TRIAGE_")}
    assert ours <= set(Settings.model_fields)
    # The state folder is a link, and the bot refuses a link as its data folder.
    assert Path(given["TRIAGE_DATA_DIR"]).parent == Path("/var/lib/support-triage")
    assert "StateDirectory=support-triage" in service()
    assert "CacheDirectory=support-triage" in service()


def test_the_bot_alone_is_told_to_stop_and_has_time_to_finish() -> None:
    assert "KillMode=mixed" in service()  # Valkey must outlive the bot
    [limit] = [line for line in service() if line.startswith("TimeoutStopSec=")]
    assert int(limit.partition("=")[2]) > 25


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    unit = tmp_path / "support-triage.service"
    unit.write_text(UNIT.replace(PROGRAM, sys.executable))
    verify = ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)]
    done = subprocess.run(verify, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    security = ["systemd-analyze", "security", "--offline=true", str(unit)]
    shown = subprocess.run(security, check=True, capture_output=True, text=True).stdout
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSURE_MAX


def test_a_verb_beside_the_service_runs_as_the_service_does(tmp_path: Path) -> None:
    stand_in = tmp_path / "systemd-run"
    stand_in.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    stand_in.chmod(0o755)
    command = [str(FOLDER / "triage"), "import", "my file.csv"]
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    words = subprocess.run(command, check=True, capture_output=True, text=True, env=path)
    *options, program, verb, file = words.stdout.splitlines()
    assert [program, verb, file] == [PROGRAM, "import", "my file.csv"]
    assert f"ExecStart={PROGRAM} run" in service()
    marked = "--property="
    properties = [one.removeprefix(marked) for one in options if one.startswith(marked)]
    assert set(properties) <= set(service())
    assert {line for line in service() if "Environment" in line} <= set(properties)
    needed = ("DynamicUser=", "User=", "StateDirectory=", "CacheDirectory=", "WorkingDirectory=")
    for name in needed:
        assert any(one.startswith(name) for one in properties), name
