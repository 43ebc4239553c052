"""`triage promote`, and then `gate`, `models` and `rollback`."""

import json
from pathlib import Path

from bot.config.config import load_config
from storage.models import DEFAULT, Models
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.bot.cli.command_line import invoke
from tests.learning.teaching import add_recipe, teach

CONFIG = load_config(Path("triage.toml"))


async def test_a_model_is_promoted_with_a_reason_and_rolled_back(
    redis: Client, valkey_url: str
) -> None:
    await Workspaces(redis).add("T1")
    await teach(redis, "T1", 20, CONFIG.label_set.version)
    model = await add_recipe(redis, "T1", CONFIG, 99.0)
    assert (await invoke(valkey_url, "promote")).exit_code == 1
    found = json.loads((await invoke(valkey_url, "gate", model.id[:6], "--json")).stdout)
    assert (found["challenger"], found["promote"]) == (model.id, False)
    assert "say why" in str((await invoke(valkey_url, "promote", "--force", " ")).exception)
    assert await Models(redis).champion("T1") == DEFAULT

    done = await invoke(valkey_url, "promote", "--force", "new product")
    assert (done.exit_code, "without a comparison: new product" in done.stdout) == (0, True)
    shown = json.loads((await invoke(valkey_url, "models", "--json")).stdout)
    assert shown["champion"] == model.id
    assert shown["models"][0]["role"] == "champion"
    assert shown["history"][0]["why"] == "new product"
    assert "product" in (await invoke(valkey_url, "models")).stdout  # its cell may be narrow
    assert "the default model" in (await invoke(valkey_url, "rollback")).stdout
    assert "no model was promoted" in str((await invoke(valkey_url, "rollback")).exception)
    acts = [fields["what"] for _, fields in await redis.xrange("triage:{T1}:audit")]
    assert acts == ["forced", "rolled back"]
