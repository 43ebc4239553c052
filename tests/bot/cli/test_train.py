"""`triage train`, `jobs` and `cancel` as an operator runs them."""

import json
from collections import deque
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from bot.admin import train as training
from bot.admin.train import trainer_of
from bot.cli.cancel import cancel_job
from bot.cli.jobs import list_jobs
from bot.cli.main import app
from bot.cli.train import train_model
from bot.config.config import Config, ConfigError, Settings, load_config
from classifiers.local.recipe import Recipe
from learning.finetune.backend import RefusedError
from storage.models import Models
from storage.server.protocol import Client
from tests.learning.finetune.world import QUICK, teach
from tests.learning.finetuning_server import KEY, FinetuningServer


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "triage.toml"
    names = ("BILLING", "TECHNICAL")
    file.write_text("".join(f'[[labels]]\nname="{n}"\nemoji="{n.lower()}"\n' for n in names))
    return load_config(file)


@pytest.fixture
async def settings(
    redis: Client,
    valkey_url: str,
    provider: FinetuningServer,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    monkeypatch.setattr(training, "trainer_of", partial(trainer_of, pace=QUICK))
    await teach(redis, "T1", config.label_set)
    return Settings(
        redis_url=valkey_url,
        openai_api_key=SecretStr(KEY),
        openai_base_url=f"{provider.url}/v1/",
    )


async def test_local_training_makes_a_new_model(
    settings: Settings, config: Config, redis: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await train_model(
        settings, config, "local", None, confirmed=False, anyway=True, wait=False
    )
    [model] = await Models(redis).all("T1")
    assert f"New model {model.id} is ready" in capsys.readouterr().out
    assert Recipe.from_bytes(await Models(redis).file("T1", model))


def test_the_verbs_are_on_the_command_line(valkey_url: str, config: Config, tmp_path: Path) -> None:
    environment = {"REDIS_URL": valkey_url, "TRIAGE_CONFIG": str(tmp_path / "triage.toml")}
    for arguments, error in (
        (["train", "magic", "--team", "T2"], ConfigError),
        (["train", "local", "--team", "T2"], RefusedError),
        (["cancel", "abc", "--team", "T2"], RefusedError),
        (["jobs", "--team", "../t2"], ConfigError),
        (["forget", "bob", "--team", "T2"], ConfigError),
    ):
        result = CliRunner().invoke(app, arguments, env=environment)
        assert isinstance(result.exception, error)
    result = CliRunner().invoke(app, ["jobs", "--team", "T2"], env=environment)
    assert (result.exit_code, result.exception) == (0, None)


async def test_hosted_training_names_its_price_and_requires_yes(
    settings: Settings,
    config: Config,
    provider: FinetuningServer,
    redis: Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def train(*, confirmed: bool = False, anyway: bool = False) -> bool:
        return await train_model(
            settings, config, "openai", None, confirmed=confirmed, anyway=anyway, wait=True
        )

    with pytest.raises(RefusedError, match="--anyway --yes"):
        await train()
    with pytest.raises(RefusedError, match="add --yes"):
        await train(anyway=True)
    assert provider.files == []
    assert "Cost: about" in capsys.readouterr().out
    assert await train(confirmed=True, anyway=True)
    [model] = await Models(redis).all("T1")
    assert f"New model {model.id} is ready" in capsys.readouterr().out
    assert await train()  # the same job: nothing to pay or confirm
    assert len(provider.jobs) == 1
    await list_jobs(settings, config, None, as_json=True, watch=False)
    [row] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert row["model"] == model.id


async def test_watch_advances_jobs_of_other_processes_and_reports_failures(
    settings: Settings,
    config: Config,
    provider: FinetuningServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider.script, provider.ends = deque(), "running"

    async def train(*, wait: bool) -> bool:
        return await train_model(
            settings, config, "openai", None, confirmed=True, anyway=True, wait=wait
        )

    assert await train(wait=False)
    assert "triage jobs --watch" in capsys.readouterr().out
    provider.ends, provider.error = "failed", {"code": "x", "message": "bad file", "param": None}
    await list_jobs(settings, config, None, as_json=False, watch=True)
    assert "Reason: OpenAI: bad file (x)" in capsys.readouterr().out
    assert not await train(wait=True)  # a new job, which fails too
    assert len(provider.jobs) == 2


async def test_cancel_ends_the_job_here_and_at_the_provider(
    settings: Settings,
    config: Config,
    provider: FinetuningServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider.ends = "running"
    await train_model(settings, config, "openai", None, confirmed=True, anyway=True, wait=False)
    await list_jobs(settings, config, None, as_json=True, watch=False)
    [row] = json.loads(capsys.readouterr().out.splitlines()[-1])
    await cancel_job(settings, config, None, row["id"])
    assert provider.cancelled == ["ftjob-1"]
    with pytest.raises(RefusedError, match="ended already"):
        await cancel_job(settings, config, None, row["id"])


async def test_wrong_arguments_are_named(settings: Settings, config: Config) -> None:
    with pytest.raises(ConfigError, match="Use one of local, openai, azure, nebius"):
        await train_model(settings, config, "magic", None, confirmed=True, anyway=True, wait=True)
    with pytest.raises(RefusedError, match="there is no job abc"):
        await cancel_job(settings, config, None, "abc")
