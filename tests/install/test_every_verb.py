"""A story of every verb of the command line, beside an installed bot that runs."""

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
    """A command line, what it must say, and how it must end."""

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
    Step("rollback --reason 'too early'", "Back to the default one"),
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
"""What needs a package that is installed on request only."""
ELSEWHERE = {
    "run": "each test with an office runs it",
    "cancel": "test_a_job_at_a_provider_is_cancelled",
}


def verb_of(step: Step, verbs: Sequence[str]) -> str:
    """Return the verb of a command line: the longest one that it begins with."""
    words = shlex.split(step.line)
    return max((one for one in verbs if words[: len(one.split())] == one.split()), key=len)


async def told(office: Office, step: Step) -> Done:
    """Run a step and check how it ends and what it says."""
    words = shlex.split(step.line)
    done = await office.installed.run(office.folder, *words, given=step.given, **step.environment)
    assert done.code == step.code, (step.line, done)
    assert step.says in done.out + done.err, (step.line, done)
    return done


def test_no_verb_is_left_out(installed: Installed) -> None:
    verbs = installed.asked(TREE)
    assert isinstance(verbs, list)
    assert sorted({verb_of(step, verbs) for step in STORY} | ELSEWHERE.keys()) == verbs


@pytest.mark.asyncio(loop_scope="module")
async def test_every_verb_does_its_work(office: Office) -> None:
    labelled_file(office.folder)
    await office.labelled("My invoice shows the wrong amount", "moneybag", "C0BILLING")
    for step in STORY:
        await told(office, step)
    assert len((office.folder / "answers.jsonl").read_text().splitlines()) == 160
    for name in ("curve.png", "gate.png"):
        assert (office.folder / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_not_installed_is_named_with_the_command_that_installs_it(
    office: Office,
) -> None:
    labelled_file(office.folder)
    for step in MISSING:
        await told(office, step)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_job_at_a_provider_is_cancelled(office: Office) -> None:
    async with finetuning_server() as provider:
        provider.script = deque(["queued"] * 100)
        await _cancelled(office, provider)


async def _cancelled(office: Office, provider: FinetuningServer) -> None:
    labelled_file(office.folder)
    at = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{provider.url}/v1/"}
    await told(office, Step("import tickets.csv"))
    await told(office, Step("train openai --yes --anyway", "triage jobs", environment=at))
    [job] = provider.jobs
    name = job["metadata"]["triage_job"].partition("-")[0]  # the attempt follows
    await told(office, Step(f"cancel {name}", "cancelled", environment=at))
    assert provider.cancelled
