"""`triage labels migrate` as a user runs it: counted first, then applied."""

from pathlib import Path

from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.bot.cli.command_line import triage
from tests.learning.export.exports import example, stood

TOML = Path("triage.toml").read_text()


async def test_a_migration_is_counted_and_then_applied(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    toml = TOML.replace('name = "BILLING"', 'name = "MONEY"')
    (tmp_path / "triage.toml").write_text(toml)
    examples = await stood(redis, [example("a", "BILLING"), example("b", "SPAM", number=1)])
    await Workspaces(redis).add("T")
    given = ["labels", "migrate", "--rename", "BILLING=MONEY", "--remove", "SPAM"]
    given += ["--config", str(tmp_path / "triage.toml")]
    counted = triage(*given, REDIS_URL=valkey_url)
    assert "Nothing was changed" in counted.stdout, counted.stderr
    assert await examples.counts("T") == {"BILLING": 1, "SPAM": 1}
    done = triage(*given, "--apply", REDIS_URL=valkey_url)
    assert "SPAM: 1 set aside; --restore SPAM=LABEL" in done.stdout
    assert await examples.counts("T") == {"MONEY": 1}
    [_, fields] = (await redis.xrevrange("triage:{T}:audit", count=1))[0]
    assert fields["what"] == "labels migrate"
    wrong = triage("labels", "migrate", "--rename", "BILLING", REDIS_URL=valkey_url)
    assert (wrong.returncode, "write OLD=NEW" in wrong.stderr) == (2, True)
