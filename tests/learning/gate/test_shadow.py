"""Shadow figures count only messages that agents judged."""

from learning.gate.shadow import figures
from storage.examples.examples import StoredExample
from storage.server.protocol import Client
from storage.shadows import ShadowAnswer, Shadows


def judged(identity: str, label: str) -> StoredExample:
    return StoredExample(
        id=identity, text="t", label=label, source="correction", label_set="v", when="1"
    )


async def test_answers_are_stored_by_model_and_measured_on_judged_messages(redis: Client) -> None:
    shadows = Shadows(redis, "T")
    for number, (champion, challenger) in enumerate([("A", "B"), ("A", "B"), ("A", "A")]):
        answer = ShadowAnswer(
            label=challenger, given=True, champion=champion, ms=10.0 * number, usd=0.5
        )
        await shadows.put("m1", f"C:{number}", answer)
    assert await shadows.spent_usd() == 1.5
    answers = await shadows.all("m1")
    found = figures(answers, [judged("C:0", "B"), judged("C:1", "A"), None])
    assert (found.answered, found.p50_ms, found.usd_per_1000) == (3, 10.0, 500.0)
    assert (found.change.size, found.change.gained, found.change.lost) == (2, 1, 1)
    await shadows.forget("m1", ["C:0", "C:1", "C:2"])
    assert await shadows.all("m1") == {}
    assert figures({}, []).change.size == 0
