"""Dockerfile, compose files and chart keep their promises; read from the files."""

import re
from pathlib import Path
from typing import Any

import yaml

from bot.config.config import Settings

DOCKERFILE = Path("Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(Path("deploy/compose.yml").read_text())
HTTP: dict[str, Any] = yaml.safe_load(Path("deploy/compose.http.yml").read_text())
CHART = Path("deploy/helm/support-triage")


def test_the_image_runs_the_locked_set_without_root_and_says_whether_it_lives() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    build, final = stages
    assert all("-slim" in stage.splitlines()[0] for stage in stages)
    assert build.count("uv sync --locked") == 2
    assert re.search(r"^USER 10001", final, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\\\n.*healthz", final, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["triage"\]$', final, re.MULTILINE)
    assert "ARG" not in DOCKERFILE  # so no secret gets into a layer


def test_every_file_that_is_copied_is_let_into_the_build() -> None:
    let = {line[1:] for line in Path(".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    }
    assert copied <= let
    assert all(Path(name).exists() for name in let)


def test_variables_that_are_set_are_settings() -> None:
    known = {name.upper() for name in Settings.model_fields}
    image = set(re.findall(r"\b(TRIAGE_[A-Z_]+|REDIS_URL|SLACK_[A-Z_]+)\b", DOCKERFILE))
    chart = set()
    for path in CHART.rglob("*.*"):
        chart |= set(re.findall(r"\b((?:TRIAGE|SLACK|OPENAI|REDIS)_[A-Z_]+)\b", path.read_text()))
    compose = set(COMPOSE["services"]["worker"]["environment"])
    assert image | chart | compose <= known


def test_compose_keeps_intake_and_workers_apart_and_lets_them_drain() -> None:
    services = COMPOSE["services"]
    assert services["intake"]["command"][-1] == "intake"
    assert services["worker"]["command"][-1] == "worker"
    for name in ("intake", "worker"):
        one = services[name]
        assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
        assert int(one["stop_grace_period"].rstrip("s")) > 25
    assert "noeviction" in services["valkey"]["command"]


def test_compose_looks_for_tokens_in_one_place() -> None:
    for name in ("intake", "worker"):
        assert (
            COMPOSE["services"][name]["env_file"] == ".env"
        )  # the file that compose reads by default
    page = Path("docs/install.md").read_text()
    assert "cp .env.example deploy/.env" in page
    assert "`cp .env.example deploy/.env`" in Path("deploy/compose.yml").read_text()
    for mounted in COMPOSE["services"]["worker"]["volumes"]:
        assert (Path("deploy") / mounted.partition(":")[0]).exists()


def test_compose_opens_a_port_for_http_to_this_machine_alone() -> None:
    intake = {**COMPOSE["services"]["intake"], **HTTP["services"]["intake"]}
    assert set(HTTP["services"]) == {"intake"}
    assert intake["command"] == ["run", "--role", "intake", "--port", "3000"]
    assert intake["ports"] == ["127.0.0.1:3000:3000"]
    assert re.search(r"^EXPOSE .*\b3000\b", DOCKERFILE, re.MULTILINE)
    assert "TRIAGE_HOST=0.0.0.0" in DOCKERFILE


def test_every_value_of_the_chart_is_used_and_every_used_one_is_there() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    text = "".join(path.read_text() for path in (CHART / "templates").iterdir())
    used = set(re.findall(r"\.Values\.([a-zA-Z]+(?:\.[a-zA-Z]+)?)", text))

    def names(table: dict[str, Any], before: str = "") -> set[str]:
        found = set()
        for key, value in table.items():
            nested = isinstance(value, dict) and key != "resources"
            found |= names(value, f"{before}{key}.") if nested else {before + key}
        return found

    assert used <= names(values)
    reached = used | {f"{role}.{key}" for role in ("intake", "worker") for key in values[role]}
    assert names(values) <= reached
