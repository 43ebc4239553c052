"""The LLM classifier: asks a few-shot or fine-tuned model for the label of each text."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx2

from classifiers.base import (
    Abstention,
    ClassifierError,
    ClassifierSetupError,
    ClassifierUnavailableError,
    Example,
    LabelSet,
    NotAskedError,
    Prediction,
    Score,
)
from classifiers.config import LlmChoice, LlmConfig
from classifiers.ledger import Ledger, UnsharedLedger
from classifiers.llm import completion, prompt
from classifiers.llm.chat import Chat, Reply
from classifiers.llm.meter import Meter
from classifiers.llm.selection import Retrieval, Selection, agreement, select, shares
from classifiers.plural import plural
from classifiers.redaction.redact import redact
from classifiers.text import has_words

_FAIR_SHARE = 0.5  # of `timeout_s`; with less time left, being late is not the endpoint's fault


class LlmClassifier:
    """Asks a chat model for the label of each text, with similar examples in the prompt.

    Texts and examples are redacted before they leave. Examples come from `retrieval`, which is
    used from threads because its index embeds texts. The index may be shared with the local
    classifier; then only one of the two needs to learn, as in the cascade. Raises
    ClassifierSetupError if OpenAI is called without a key.
    """

    def __init__(
        self,
        labels: LabelSet,
        choice: LlmChoice,
        config: LlmConfig | None = None,
        retrieval: Retrieval | None = None,
        http_client: httpx2.AsyncClient | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        config = config or LlmConfig()
        self._labels, self._retrieval = labels, retrieval or Retrieval()
        self._model, price = choice.model, config.prices.get(choice.model)
        self._few_shot = replace(config.few_shot, max_shots=0) if choice.tuned else config.few_shot
        self._timeout_s = config.timeout_s
        meter = Meter(ledger or UnsharedLedger(), price, config.daily_budget_usd)
        self._chat = Chat(choice, config, http_client, meter, now)
        self._at_once = config.max_concurrency
        self._slots = asyncio.Semaphore(config.max_concurrency)
        self._version = f"llm:{choice.model}:{prompt.version(labels)}"

    @property
    def version(self) -> str:
        """Return `llm:<model>:<hash of prompt and labels>`."""
        return self._version

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text; a bad answer is an abstention.

        A text takes at most `timeout_s`, including retries and waiting for other texts; a batch
        takes at most that per `max_concurrency` texts. If some texts fail, they abstain as unsure.
        If no text can be answered, raise ClassifierSetupError for a wrong setting, NotAskedError
        if no request was sent, or else ClassifierUnavailableError.
        """
        rounds = -(-len(texts) // self._at_once)
        deadline = asyncio.get_running_loop().time() + self._timeout_s * rounds
        outcomes = await asyncio.gather(*(self._attempt(text, deadline) for text in texts))
        failed = [outcome for outcome in outcomes if isinstance(outcome, ClassifierError)]
        if failed and len(failed) == sum(map(has_words, texts)):
            raise min(failed, key=_severity) from None
        return [
            self._abstain(Abstention.UNSURE) if isinstance(outcome, ClassifierError) else outcome
            for outcome in outcomes
        ]

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Add examples to the index and remove others; the next prompts use the result."""
        index = self._retrieval.index
        if index is not None:
            await asyncio.to_thread(index.put, put)
            await asyncio.to_thread(index.remove, remove)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._chat.aclose()

    async def _attempt(self, text: str, deadline: float) -> Prediction | ClassifierError:
        if not has_words(text):
            return self._abstain(Abstention.EMPTY)
        sent: list[float] = []  # the times at which requests were sent
        try:
            async with asyncio.timeout_at(deadline), self._slots:
                return await self._predict(text, sent)
        except TimeoutError:
            return self._late(deadline - sent[0] if sent else 0.0)
        except ClassifierError as error:
            return error

    def _late(self, had_s: float) -> ClassifierError:
        """Return the error of a missed deadline; the first request had `had_s` seconds, or 0."""
        if had_s < self._timeout_s * _FAIR_SHARE:
            return NotAskedError(
                f"{self._model} was busy with {plural(self._at_once, 'request')} ([llm] "
                f"max_concurrency) for {self._timeout_s:g} s ([llm] timeout_s)"
            )
        advice = ". It thinks before it answers: switch that off" if self._chat.thinks else ""
        return ClassifierUnavailableError(
            f"{self._model} took more than {self._timeout_s:g} s ([llm] timeout_s){advice}"
        )

    async def _predict(self, text: str, sent: list[float]) -> Prediction:
        started = time.perf_counter()
        selection = await asyncio.to_thread(
            select, self._retrieval, self._labels, text, self._few_shot
        )
        now = asyncio.get_running_loop().time
        reply = await self._chat.complete(
            request(selection, text), selection.labels, lambda: sent.append(now())
        )
        prediction = replace(self._read(reply, selection), usage=reply.usage)
        return replace(prediction, latency_ms=(time.perf_counter() - started) * 1000)

    def _read(self, reply: Reply, selection: Selection) -> Prediction:
        answer = reply.answer
        if answer.reason is not None:
            return self._abstain(answer.reason, selection)
        label = prompt.parse(answer.text, selection.labels.names)
        if label is None:
            unsure = prompt.declined(answer.text)
            return self._abstain(Abstention.UNSURE if unsure else Abstention.BAD_ANSWER, selection)
        certainty = completion.certainty(reply.completion, label)
        confidence = agreement(label, selection.nearest) if certainty is None else certainty
        return self._labelled(label, confidence, selection)

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
    """Return the chat messages that are sent to the model, with all texts redacted."""
    shots = [replace(shot, text=redact(shot.text).text) for shot in selection.shots]
    return prompt.messages(selection.labels, shots, redact(text).text)


def _severity(error: ClassifierError) -> int:
    """Return the rank of an error: wrong settings come first, then failing endpoints."""
    if isinstance(error, ClassifierSetupError):
        return 0
    return 2 if isinstance(error, NotAskedError) else 1
