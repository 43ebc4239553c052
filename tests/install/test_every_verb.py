"""A story that runs every verb of the command line next to an installed, running bot."""

import shlex
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.install.conftest import Office
from tests.install.installed import Done, Installed
from tests.install.team import labelled_file
from tests.learning.finetuning_server import KEY, FinetuningServer, finetuning_server

TREE = """
import json
import typer
from bot.cli.main import app

def verbs(command, name):
    inner = getattr(command, "commands", {})
    own = [] if inner and not command.invoke_without_command else [name]
    return own + [verb for key, one in inner.items() for verb in verbs(one, f"{name} {key}")]

root = typer.main.get_command(app)
print(json.dumps(sorted(
    verb for key, one in root.commands.items() for verb in verbs(one, key)
)))
"""


@dataclass(frozen=True)
class Step:
    """A command line, a part of its output, and its exit code."""

    line: str
    says: str = ""
    code: int = 0
    given: str = ""
    environment: dict[str, str] = field(default_factory=dict)


STORY = (
    Step("import tickets.csv", "Imported: 160 new or changed of 160 rows"),
    Step("status", "160"),
    Step("status --json", '"examples": 160'),
    Step("accuracy", "judged"),
    Step("labels", "#billing"),
    Step("labels migrate --rename PAYMENTS=BILLING", "Nothing was changed"),
    Step("conflicts --most 3", ""),
    Step("classify -", '"label"', given="My card was charged twice\n"),
    Step("classify tickets.csv --out answers.jsonl --processes 1", "answers.jsonl is complete"),
    Step("evaluate --train tickets.csv --test tickets.csv --processes 1", '"accuracy"'),
    Step("export --out examples.jsonl", "Total examples: 160"),
    Step("advice --picture curve.png"),
    Step("train local --anyway", "New model"),
    Step("jobs", "local"),
    Step("models", "Models"),
    Step("gate --picture gate.png --json", '"promote"', code=1),
    Step("promote --verbose", "is not used", code=1),
    Step("promote --force 'new labels'", "is in use now"),
    Step("rollback --reason 'too early'", "Back to the default model"),
    Step("backfill --since 1d", "Found: "),
    Step("forget U0CLEO --apply", "Forgot everything that U0CLEO wrote"),
    Step("dead list", "reason"),
    Step("dead retry --all", "0 of 0: put back in the queue"),
    Step("dead drop 1-1", "0 of 1: dropped"),
    Step("doctor", "member"),
    Step("config init other.toml", "Wrote other.toml"),
    Step("config init other.toml", "already exists", code=2),
    Step("demo --once", "The demo succeeded"),
)
MISSING = (
    Step("export --format parquet --out examples.parquet", "support-triage[parquet]", code=2),
    Step("classify s3://bucket/texts.csv", "support-triage[remote]", code=2),
    Step("classify tickets.csv --out ray.jsonl --engine ray", "support-triage[ray]", code=2),
)
"""Commands that need an optional extra."""
ELSEWHERE = {
    "run": "each test with an office runs it",
    "cancel": "test_a_job_at_a_provider_is_cancelled",
}


def verb_of(step: Step, verbs: Sequence[str]) -> str:
    """Return the verb of a command line: the longest verb that it starts with."""
    words = shlex.split(step.line)
    return max((one for one in verbs if words[: len(one.split())] == one.split()), key=len)


async def run_step(office: Office, step: Step) -> Done:
    """Run a step, and check its output and exit code."""
    words = shlex.split(step.line)
    done = await office.installed.run(office.folder, *words, given=step.given, **step.environment)
    assert done.code == step.code, (step.line, done)
    assert step.says in done.out + done.err, (step.line, done)
    return done


def test_every_verb_is_in_the_story(installed: Installed) -> None:
    verbs = installed.asked(TREE)
    assert isinstance(verbs, list)
    assert sorted({verb_of(step, verbs) for step in STORY} | ELSEWHERE.keys()) == verbs


@pytest.mark.asyncio(loop_scope="module")
async def test_every_verb_works(office: Office) -> None:
    labelled_file(office.folder)
    await office.labelled("My invoice shows the wrong amount", "moneybag", "C0BILLING")
    for step in STORY:
        await run_step(office, step)
    assert len((office.folder / "answers.jsonl").read_text().splitlines()) == 160
    for name in ("curve.png", "gate.png"):
        assert (office.folder / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_missing_extra_is_named_with_its_install_command(
    office: Office,
) -> None:
    labelled_file(office.folder)
    for step in MISSING:
        await run_step(office, step)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_job_at_a_provider_is_cancelled(office: Office) -> None:
    async with finetuning_server() as provider:
        provider.script = deque(["queued"] * 100)
        await _cancelled(office, provider)


async def _cancelled(office: Office, provider: FinetuningServer) -> None:
    labelled_file(office.folder)
    at = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{provider.url}/v1/"}
    await run_step(office, Step("import tickets.csv"))
    await run_step(office, Step("train openai --yes --anyway", "triage jobs", environment=at))
    [job] = provider.jobs
    name = job["metadata"]["triage_job"].partition("-")[0]  # then the attempt number
    await run_step(office, Step(f"cancel {name}", "cancelled", environment=at))
    assert provider.cancelled
