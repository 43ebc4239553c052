"""`triage run` reports an address that it cannot listen on before it calls Slack."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from bot.app.bot import Role
from bot.app.run import serve
from bot.cli.main import app
from bot.config.config import ConfigError, Settings, load_config

CONFIG = load_config(Path("triage.toml"))
SETTINGS = Settings(
    slack_bot_token=SecretStr("xoxb-x"),
    slack_app_token=SecretStr("xapp-x"),
    slack_signing_secret=SecretStr("x"),
    slack_api_url="http://127.0.0.1:9/",
)


@pytest.mark.parametrize("option", ["--port", "--metrics-port"])
async def test_a_port_in_use_is_reported(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = (port, None) if option == "--port" else (None, port)
        with pytest.raises(ConfigError, match=f"^{option}: .* port {port}: .*in use"):
            await serve(SETTINGS, CONFIG, ports[0], metrics_port=ports[1])


async def test_an_address_of_another_machine_is_reported() -> None:
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1, port 3000: cannot assign"):
        await serve(SETTINGS, CONFIG, 3000, host="192.0.2.1")


async def test_a_worker_opens_no_port_for_events() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigError, match="SLACK_API_URL"),
    ):
        await serve(SETTINGS, CONFIG, taken.getsockname()[1], Role.WORKER)


@pytest.mark.parametrize("option", ["--port", "--metrics-port"])
@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_an_invalid_port_is_refused(option: str, port: str) -> None:
    ended = CliRunner().invoke(app, ["run", option, port])
    assert ended.exit_code == 2
    assert option in ended.output
