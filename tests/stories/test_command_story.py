"""Admins get answers, others a friendly refusal; an export arrives as a file."""

import pytest

from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, SUPPORT, Story


@pytest.mark.parametrize("user", ["U0CLEO", "U0AVA"])
async def test_others_get_a_friendly_no(story: Story, user: str) -> None:
    answer = await story.command("status", user)
    assert answer.startswith("Sorry")
    assert "@support-admins" in answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "/triage export"),
        ("help", "/triage status"),
        ("status", "Classifier: `local:"),
        ("status", "90% precision is not shown yet: it takes about 40 more examples"),
        ("labels", "BILLING"),
        ("accuracy", "No agent has judged"),
        ("export", "nothing to export"),
        ("export csv yesterday", "or a day"),
        ("conflicts", "Nothing to review"),
        ("export xml", "openai, jsonl, csv"),
        ("<!channel> boom", "&lt;!channel&gt;"),
    ],
)
async def test_admins_get_answers(story: Story, text: str, words: str) -> None:
    assert words in await story.command(text)


async def test_an_export_arrives_as_a_file_with_its_summary(story: Story) -> None:
    ts = await story.write("My invoice shows the wrong amount")
    await story.shows(ts, "moneybag", BILLING)
    await story.people.react("U0AVA", SUPPORT, ts, "white_check_mark")

    async def judged() -> bool:
        return "1 of 1" in await story.command("accuracy")

    await eventually(judged)
    summary = await story.command("export csv")
    assert "Total examples: 1" in summary
    [file] = (await story.people.state())["files"]
    assert file["name"] == "support-triage-csv.csv"
