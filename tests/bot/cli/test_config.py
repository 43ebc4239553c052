"""The first steps after installation: `triage config init`, and settings from `.env`."""

import json
from pathlib import Path

import pytest

from bot.config.config import load_config, shipped_config
from tests.bot.cli.command_line import process, triage


def test_config_init_writes_the_shipped_file_and_overwrites_nothing(tmp_path: Path) -> None:
    assert "Wrote triage.toml" in triage("config", "init", folder=tmp_path).stdout
    assert (tmp_path / "triage.toml").read_text() == shipped_config().read_text()
    assert load_config(tmp_path / "triage.toml").labels
    again = triage("config", "init", folder=tmp_path)
    assert (again.returncode, again.stdout) == (2, "")
    assert "already exists" in again.stderr


def test_config_init_writes_the_file_that_triage_config_names(tmp_path: Path) -> None:
    done = triage("config", "init", TRIAGE_CONFIG="ours.toml", folder=tmp_path)
    assert "Wrote ours.toml" in done.stdout
    assert load_config(tmp_path / "ours.toml").labels
    assert not (tmp_path / "triage.toml").exists()


@pytest.mark.parametrize("verb", ["status", "accuracy", "models", "jobs"])
def test_verbs_that_need_no_labels_of_the_team_work_without_a_file(
    tmp_path: Path, verb: str
) -> None:
    done = triage(verb, "--json", TRIAGE_DATA_DIR=str(tmp_path / "data"), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the shipped labels are used" in done.stderr
    json.loads(done.stdout)


def test_a_missing_configuration_is_an_error_for_run_and_if_named(tmp_path: Path) -> None:
    for arguments, given in (
        (("run",), {}),
        (("status", "--config", "other.toml"), {}),
        (("status",), {"TRIAGE_CONFIG": "other.toml"}),
    ):
        done = triage(*arguments, **given, folder=tmp_path)
        assert done.returncode == 2
        assert "no such file. Create it with `triage config init " in done.stderr


def test_run_reads_the_env_file_beside_it_and_logs_its_path(tmp_path: Path) -> None:
    (tmp_path / "triage.toml").write_text(shipped_config().read_text())
    (tmp_path / ".env").write_text(
        "# tokens\nSLACK_APP_TOKEN=xapp-1\nSLACK_BOT_TOKEN='xoxb-1'\n"
        "SLACK_API_URL=http://127.0.0.1:9/api\nexport TRIAGE_DATA_DIR=${HOME}x\n"
    )
    done = process("run", folder=tmp_path)
    assert "SLACK_API_URL: http://127.0.0.1:9/api/ cannot be reached" in done.stderr
    assert str(tmp_path / ".env") in done.stderr
    outranked = process("run", SLACK_BOT_TOKEN="wrong", folder=tmp_path)
    assert "SLACK_BOT_TOKEN: does not start with xoxb-" in outranked.stderr


def test_an_unreadable_env_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    done = triage("status", folder=tmp_path)
    assert done.returncode == 2
    assert ".env: cannot read the file (UnicodeDecodeError)" in done.stderr
