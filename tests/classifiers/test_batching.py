"""Micro-batching: no call waits for an idle classifier, and each gets its predictions."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import ClassifierUnavailableError, Example, Prediction
from classifiers.batching import BatchingClassifier
from tests.sandbox.running import eventually


class Slow:
    """A classifier that answers once its gate opens, and records each call."""

    version = "slow:1"

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.learnt: list[str] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None
        self.at_once = self.most_at_once = 0

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        self.calls.append(list(texts))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await self.gate.wait()
        self.at_once -= 1
        if self.error is not None:
            raise self.error
        return [Prediction(text, 1.0) for text in texts]

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        self.learnt = [one.id for one in put] + list(remove)


def labels(predictions: Sequence[Prediction]) -> list[str | None]:
    return [one.label for one in predictions]


async def called(slow: Slow, times: int) -> None:
    await eventually(lambda: len(slow.calls) >= times)


async def test_an_idle_classifier_is_called_at_once_and_waiting_calls_share_a_batch() -> None:
    slow = Slow()
    batching = BatchingClassifier(slow, batch_max=3)
    asked = [asyncio.create_task(batching.classify([text])) for text in "abcdef"]
    await called(slow, 1)
    slow.gate.set()
    assert [labels(await one) for one in asked] == [[text] for text in "abcdef"]
    assert slow.calls == [["a", "b", "c"], ["d", "e", "f"]]
    assert slow.most_at_once == 1
    assert labels(await batching.classify(["g"])) == ["g"]
    assert await batching.classify([]) == []
    assert batching.version == "slow:1"
    await batching.learn([Example("1", "t", "A")], ["2"])
    assert slow.learnt == ["1", "2"]


async def test_a_failure_reaches_the_calls_of_its_batch_only() -> None:
    slow = Slow()
    batching = BatchingClassifier(slow)
    first = asyncio.create_task(batching.classify(["a"]))
    await called(slow, 1)
    slow.error = ClassifierUnavailableError("away")
    slow.gate.set()
    with pytest.raises(ClassifierUnavailableError, match="away"):
        await first
    slow.error = None
    assert labels(await batching.classify(["b"])) == ["b"]


async def test_cancelled_calls_are_left_out() -> None:
    slow = Slow()
    batching = BatchingClassifier(slow)
    asked = [asyncio.create_task(batching.classify([text])) for text in "a"]
    await called(slow, 1)
    late = [asyncio.create_task(batching.classify([text])) for text in "bc"]
    await asyncio.sleep(0)
    late[0].cancel()
    asked[0].cancel()
    await asyncio.wait([*asked, late[0]])
    slow.gate.set()
    assert labels(await late[1]) == ["c"]
    assert slow.calls == [["a"], ["c"]]


@given(st.lists(st.lists(st.text(max_size=3), max_size=5), max_size=20), st.integers(1, 8))
def test_each_caller_gets_the_predictions_of_its_texts(asked: list[list[str]], most: int) -> None:
    async def ask() -> list[list[Prediction]]:
        slow = Slow()
        slow.gate.set()
        batching = BatchingClassifier(slow, most)
        found = await asyncio.gather(*map(batching.classify, asked))
        assert all(len(call) <= max(most, *map(len, asked)) for call in slow.calls)
        return list(found)

    assert [labels(one) for one in asyncio.run(ask())] == asked
