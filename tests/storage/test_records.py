"""Records stay small, even for long messages with many edits."""

from classifiers.text import kept
from storage.messages import Message, MessageId
from storage.records import Record


def edited(number: int, text: str) -> Message:
    at = MessageId(team="T", channel="C", ts="1.0")
    return Message(id=at, user="U", text=text, edited=f"{number}.5" if number else "")


def test_a_long_message_that_is_edited_often_is_a_small_record() -> None:
    texts = [kept(f"version {number} {'紙' * 39_000}") for number in range(21)]
    record = Record(message=edited(0, texts[0]))
    for number, text in enumerate(texts):
        record = record.with_version(edited(number, text))
    assert record.message.text == texts[20]
    assert [one.text for one in record.former] == texts[18:20]
    assert len(record.model_dump_json().encode()) < 40_000


def test_short_versions_are_kept_up_to_twenty() -> None:
    record = Record(message=edited(0, "0"))
    for number in range(1, 40):
        record = record.with_version(edited(number, str(number)))
    assert [one.text for one in record.former] == [str(number) for number in range(20, 39)]


def test_the_text_that_an_emoji_is_about_outlives_later_edits() -> None:
    record = Record(message=edited(0, "refund " * 500))
    for number in range(1, 40):
        judged = [3.7] if number > 3 else []
        record = record.with_version(edited(number, f"{number} " * 2_000), judged)
    assert record.as_of(3.7).edited == "3.5"
    assert len(record.model_dump_json()) < 60_000


def test_many_emoji_between_many_edits_leave_a_small_record() -> None:
    record, names = Record(message=edited(0, "the first")), ("画" * 100,) * 10
    judged: list[float] = []
    for number in range(1, 300):
        if number % 3 == 0:
            judged.append(number - 0.2)
        text = kept(f"version {number} {'紙' * 39_000}")
        message = edited(number, text).model_copy(update={"files": names})
        record = record.with_version(message, judged)
    assert len(record.model_dump_json().encode()) < 65_000
    assert record.as_of(judged[0]).text.startswith("version 2 ")
    assert record.as_of(judged[-1]).text.startswith("version 296 ")
    assert [one.edited for one in record.former] == sorted(
        (one.edited for one in record.former), key=float
    )


def test_many_short_versions_with_emoji_are_kept_up_to_their_number() -> None:
    record = Record(message=edited(0, "0"))
    for number in range(1, 100):
        record = record.with_version(edited(number, str(number)), [n + 0.7 for n in range(number)])
    assert len(record.former) == 19
    assert record.as_of(0.7).text == "0"
    assert record.as_of(98.7).text == "98"


def test_versions_that_0_1_kept_whole_are_let_go_at_the_next_edit() -> None:
    long = edited(1, "x" * 39_000)
    record = Record(message=long, former=(edited(0, "x" * 39_000),))
    record = record.with_version(edited(2, "found it"))
    assert len(record.model_dump_json()) < 1_000
    assert record.as_of(1.7).text == "found it"
