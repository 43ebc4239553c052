"""A few-shot or fine-tuned model that is asked for the label of each text."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx2

from support_triage.classifiers import completion, prompt
from support_triage.classifiers.base import (
    Abstention,
    ClassifierError,
    ClassifierSetupError,
    ClassifierUnavailableError,
    Example,
    ExampleIndex,
    LabelSet,
    Prediction,
    Score,
)
from support_triage.classifiers.chat import Chat
from support_triage.classifiers.llm_config import LlmChoice, LlmConfig
from support_triage.classifiers.readable import has_words
from support_triage.classifiers.redaction import redact
from support_triage.classifiers.selection import (
    Candidates,
    Selection,
    agreement,
    select,
    shares,
)


class LlmClassifier:
    """Asks a chat model for the label of each text, shown similar examples from `index`.

    Texts and shots are redacted before they leave. `index` is used from threads, as it embeds;
    None shows no examples but the labels' own. It may be shared with the local classifier;
    whoever shares it tells only one of the two to learn (the cascade does), though putting the
    same example twice is harmless. `candidates` names the likeliest labels where not all fit.
    Raises ClassifierSetupError without a key for OpenAI itself.
    """

    def __init__(
        self,
        labels: LabelSet,
        choice: LlmChoice,
        config: LlmConfig | None = None,
        index: ExampleIndex | None = None,
        candidates: Candidates | None = None,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        config = config or LlmConfig()
        self._labels, self._index, self._candidates = labels, index, candidates
        self._model, self._price = choice.model, config.prices.get(choice.model)
        self._few_shot = replace(config.few_shot, max_shots=0) if choice.tuned else config.few_shot
        self._timeout_s = config.timeout_s
        self._chat = Chat(choice, config, http_client)
        self._at_once = config.max_concurrency
        self._slots = asyncio.Semaphore(config.max_concurrency)
        self._version = f"llm:{choice.model}:{prompt.version(labels)}"

    @property
    def version(self) -> str:
        """`llm:<model>:<hash of prompt and labels>`."""
        return self._version

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; a bad answer is an abstention.

        One text takes `timeout_s` at most, waiting for others and retries included; a batch takes
        that for every `max_concurrency` texts. Raises ClassifierUnavailableError when no text
        could be answered (single ones that failed abstain as unsure) and ClassifierSetupError when
        a setting is wrong.
        """
        rounds = -(-len(texts) // self._at_once)
        deadline = asyncio.get_running_loop().time() + self._timeout_s * rounds
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._attempt(text, deadline)) for text in texts]
        except ExceptionGroup as group_error:
            raise _first(group_error) from None
        outcomes = [task.result() for task in tasks]
        failed = [outcome for outcome in outcomes if isinstance(outcome, ClassifierError)]
        if failed and len(failed) == sum(map(has_words, texts)):
            raise failed[0]
        return [
            self._abstain(Abstention.UNSURE) if isinstance(outcome, ClassifierError) else outcome
            for outcome in outcomes
        ]

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Put examples into the index and drop the removed ones: the next shots come from it."""
        if self._index is not None:
            await asyncio.to_thread(self._index.put, put)
            await asyncio.to_thread(self._index.remove, remove)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._chat.aclose()

    async def _attempt(self, text: str, deadline: float) -> Prediction | ClassifierUnavailableError:
        if not has_words(text):
            return self._abstain(Abstention.EMPTY)
        try:
            async with asyncio.timeout_at(deadline), self._slots:
                return await self._predict(text)
        except TimeoutError:
            message = f"{self._model} took more than {self._timeout_s:g} s ([llm] timeout_s)"
            return ClassifierUnavailableError(message)
        except ClassifierUnavailableError as error:
            return error

    async def _predict(self, text: str) -> Prediction:
        started = time.perf_counter()
        selection = await asyncio.to_thread(
            select, self._index, self._labels, text, self._few_shot, self._candidates
        )
        answered = await self._chat.complete(request(selection, text), selection.labels)
        prediction = self._read(answered, selection)
        return replace(prediction, latency_ms=(time.perf_counter() - started) * 1000)

    def _read(self, answered: Any, selection: Selection) -> Prediction:
        if isinstance(answered, Abstention):
            return self._abstain(answered, selection)
        answer, reason = completion.content(answered)
        if reason is None and (label := prompt.parse(answer, selection.labels.names)) is not None:
            certainty = completion.certainty(answered, answer, label)
            confidence = certainty or agreement(label, selection.nearest)
            prediction = self._labelled(label, confidence, selection)
        else:
            unsure = Abstention.UNSURE if prompt.declined(answer) else Abstention.BAD_ANSWER
            prediction = self._abstain(reason or unsure, selection)
        return replace(prediction, usage=completion.usage(answered, self._price))

    def _labelled(self, label: str, confidence: float, selection: Selection) -> Prediction:
        rest = [
            Score(score.label, min(score.confidence * (1 - confidence), confidence))
            for score in shares(selection.nearest)
            if score.label != label
        ]
        return Prediction(
            label=label,
            confidence=confidence,
            alternatives=(Score(label, confidence), *rest),
            neighbours=selection.nearest,
            classifier=self._version,
        )

    def _abstain(self, reason: Abstention, selection: Selection | None = None) -> Prediction:
        nearest = selection.nearest if selection else ()
        scores = tuple(shares(nearest))
        best = scores[0].confidence if scores else 0.0
        return Prediction(None, best, scores, reason, nearest, self._version)


def request(selection: Selection, text: str) -> list[dict[str, str]]:
    """The chat messages that leave for the model: what is shown and asked, redacted."""
    shots = [replace(shot, text=redact(shot.text).text) for shot in selection.shots]
    return prompt.messages(selection.labels, shots, redact(text).text)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    setup = (error for error in group.exceptions if isinstance(error, ClassifierSetupError))
    return next(setup, group.exceptions[0])
