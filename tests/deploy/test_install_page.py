"""docs/install.md names existing files, commands and URLs."""

import re
import tomllib
from pathlib import Path

import typer
import yaml

from bot.cli.main import app

PAGE = Path("docs/install.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
HEALTH = Path("bot/app/health.py").read_text()


def test_every_file_of_the_checkout_that_it_names_is_there() -> None:
    named = set(re.findall(r"\b(deploy/[\w./-]+|triage\.toml|manifest\.yml)", PAGE))
    named -= {"deploy/.env", "deploy/triage-worker"}  # a file of the user, and a pod's name
    assert len(named) > 5
    assert [name for name in named if not Path(name).exists()] == []
    links = re.findall(r"\]\((?!http|#)([^)#]+)", PAGE)
    assert [link for link in links if not (Path("docs") / link).exists()] == []


def test_every_verb_that_it_calls_is_one() -> None:
    known = typer.main.get_command(app)
    verbs = set(re.findall(r"(?:^|triage )triage ([a-z]+)", "\n".join(BLOCKS), re.MULTILINE))
    assert {"config", "doctor", "run"} <= verbs
    assert verbs <= set(vars(known)["commands"])


def test_the_wheel_is_called_as_it_is_built() -> None:
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    wheels = set(re.findall(r"dist/(\S+\.whl)", PAGE))
    assert wheels == {f"support_triage-{version}-py3-none-any.whl"}
    chart = yaml.safe_load(Path("deploy/helm/support-triage/Chart.yaml").read_text())
    assert chart["appVersion"] == version
    assert set(re.findall(r"support-triage:(\d\S*)", PAGE)) == {version}


def test_probes_ask_for_addresses_that_there_are() -> None:
    served = set(re.findall(r'Route\("(/\w+)"', HEALTH))
    chart = Path("deploy/helm/support-triage/templates/_parts.tpl").read_text()
    asked = dict(re.findall(r"(\w+Probe):\n\s+httpGet: \{path: (\S+), port: metrics\}", chart))
    # Kubernetes restarts a pod only if it is not alive, not while it waits for Slack.
    assert asked == {
        "startupProbe": "/healthz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/healthz",
    }
    assert set(asked.values()) <= served
    assert "/healthz'" in Path("Dockerfile").read_text()


def test_the_page_is_linked() -> None:
    for page in ("README.md", "docs/operator.md"):
        assert "install.md" in Path(page).read_text(), page
