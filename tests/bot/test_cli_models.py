"""Gate, promote, rollback and models as a user of the command line runs them."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner, Result

from support_triage.bot.cli import app
from support_triage.bot.config import load_config
from support_triage.storage.connection import Client
from support_triage.storage.models import DEFAULT, Models
from support_triage.storage.workspaces import Workspaces
from tests.learning.teaching import add_recipe, teach

CONFIG = load_config(Path("triage.toml"))


async def triage(url: str, *arguments: str) -> Result:
    """Run a command in this process, on a thread, as it starts a loop of its own."""
    environment = {"REDIS_URL": url, "COLUMNS": "200"}
    return await asyncio.to_thread(
        lambda: CliRunner().invoke(app, list(arguments), env=environment)
    )


async def taught(redis: Client, count: int) -> None:
    await Workspaces(redis).add("T1")
    await teach(redis, "T1", count, CONFIG.label_set.version)


async def test_the_gate_keeps_an_equal_model(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    await taught(redis, 260)
    nothing = await triage(valkey_url, "gate")
    assert "no challenger" in str(nothing.exception)
    await add_recipe(redis, "T1", CONFIG, 99.0)
    picture = tmp_path / "confusion.png"
    done = await triage(valkey_url, "gate", "--picture", str(picture))
    assert done.exit_code == 1
    for words in ("champion    challenger", "KEEP the champion", "exact McNemar p", "BILLING"):
        assert words in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


async def test_promoted_with_a_reason_and_taken_back(redis: Client, valkey_url: str) -> None:
    await taught(redis, 20)
    model = await add_recipe(redis, "T1", CONFIG, 99.0)
    assert (await triage(valkey_url, "promote")).exit_code == 1
    found = json.loads((await triage(valkey_url, "gate", model.id[:6], "--json")).stdout)
    assert (found["challenger"], found["promote"]) == (model.id, False)
    assert "say why" in str((await triage(valkey_url, "promote", "--force", " ")).exception)
    assert await Models(redis).champion("T1") == DEFAULT

    done = await triage(valkey_url, "promote", "--force", "new product")
    assert (done.exit_code, "without the gate: new product" in done.stdout) == (0, True)
    shown = json.loads((await triage(valkey_url, "models", "--json")).stdout)
    assert shown["champion"] == model.id
    assert shown["models"][0]["role"] == "champion"
    assert shown["history"][0]["why"] == "new product"
    assert "product" in (await triage(valkey_url, "models")).stdout  # its cell may be narrow
    assert "the default one" in (await triage(valkey_url, "rollback")).stdout
    assert "nothing was promoted" in str((await triage(valkey_url, "rollback")).exception)
    acts = [fields["what"] for _, fields in await redis.xrange("triage:{T1}:audit")]
    assert acts == ["forced", "rolled back"]
