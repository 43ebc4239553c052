"""A story that asks the installed bot every `/triage` verb."""

import json

import pytest

from tests.install.conftest import Office
from tests.install.installed import Installed
from tests.install.team import labelled_file
from tests.sandbox.running import eventually

VERBS = """
import json
from bot.commands.dispatch import VERBS
print(json.dumps(sorted(VERBS)))
"""
QUESTIONS = {
    "help": ("help", "*Commands*"),
    "status": ("status", "Examples from agents: 160"),
    "labels": ("labels", "*BILLING* → #billing · "),
    "accuracy": ("accuracy", "No agent has judged a label yet"),
    "conflicts": ("conflicts", "Nothing to review"),
    "export": ("export csv", "Total examples: 160"),
    "advice": ("advice", "```"),
    "forget": ("forget U0CLEO now", "*Forgetting* everything that <@U0CLEO> wrote"),
}
"""Verbs in any order, each with a command and a part of its answer."""
MODELS = ("train", "jobs", "models", "promote", "rollback", "cancel")
"""Verbs about one model, in the order of its life."""


def test_every_verb_is_in_the_story(installed: Installed) -> None:
    assert installed.asked(VERBS) == sorted([*QUESTIONS, *MODELS])


@pytest.mark.asyncio(loop_scope="module")
async def test_every_verb_answers(office: Office) -> None:
    file = labelled_file(office.folder)
    imported = await office.installed.run(office.folder, "import", file.name)
    assert imported.code == 0, imported
    for words, expected in QUESTIONS.values():
        assert expected in await office.command(words), words
    sent = [one["name"] for one in (await office.people.state())["files"]]
    assert {"support-triage-csv.csv", "learning-curve.png"} <= set(sent)
    await _the_life_of_a_model(office)
    assert "is not a `/triage` command" in await office.command("sing")


async def _the_life_of_a_model(office: Office) -> None:
    assert "Started job `" in await office.command("train local anyway")

    async def model() -> str:
        shown = await office.installed.run(office.folder, "models", "--json")
        models = json.loads(shown.out)["models"]
        return models[0]["id"] if models else ""

    name = await eventually(model, 300)
    job = json.loads((await office.installed.run(office.folder, "jobs", "--json")).out)[0]["id"]
    assert job in await office.command("jobs")
    assert f"`{name}` new" in await office.command("models")
    assert "without a comparison: new labels" in await office.command("promote --force new labels")
    assert "Back to the default model" in await office.command("rollback too early")
    assert "has ended already" in await office.command(f"cancel {job}")
