from typing import Any

from classifiers.cascade.worth import Judged
from learning.feedback.track_record import TrackRecord
from storage.examples.examples import StoredExample


def stored(identity: str, label: str, predicted: str | None, **more: Any) -> StoredExample:
    given = {"source": "correction", "classifier": "llm:m:12ab", "text": "t"} | more
    return StoredExample(
        id=identity, label=label, predicted=predicted, label_set="x", when="1", **given
    )


def test_only_judged_answers_of_the_model_count() -> None:
    record = TrackRecord()
    record.put(
        [
            stored("1", "A", "A", source="confirmation"),
            stored("2", "A", "B"),
            stored("3", "A", None),
            stored("4", "A", "A", classifier="local:77"),
            stored("5", "A", "A", classifier="llm:m2:12ab"),
            stored("6", "A", "A", source="import"),
        ]
    )
    assert record.judged("m") == Judged(1, 1)
    assert record.judged("m2") == Judged(1, 0)


def test_a_changed_judgement_counts_once_and_a_removed_one_not_at_all() -> None:
    record = TrackRecord()
    record.put([stored("1", "A", "B")])
    record.put([stored("1", "B", "B")])
    assert record.judged("m") == Judged(1, 0)
    record.remove(["1", "unknown"])
    assert record.judged("m") == Judged()
