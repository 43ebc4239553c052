"""A few-shot or fine-tuned model behind any OpenAI-compatible chat endpoint."""

import asyncio
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx2
import openai

from support_triage.classifiers import prompt
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
    Usage,
)
from support_triage.classifiers.redaction import redact
from support_triage.classifiers.selection import FewShot, Selection, agreement, select, shares

OFFICIAL_URL = "https://api.openai.com/v1"
_ANSWER_TOKENS = 100
_RETRIES = 2  # by the SDK, the only layer that retries
_DROP_ORDER = ("logprobs", "response_format")  # when a rejection does not name its field
_OVERLONG = "context_length_exceeded"


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """Which model is asked, how, for how long, and what its tokens cost."""

    api_key: str = field(default="", repr=False)
    model: str = "gpt-6-luna"
    base_url: str | None = None  # None: OpenAI itself
    timeout_s: float = 8.0  # for one message with all retries, from when its turn comes
    max_concurrency: int = 8
    structured: Literal["json_schema", "text"] = "json_schema"
    few_shot: FewShot = field(default_factory=FewShot)
    min_confidence: float = 0.0  # below it the classifier abstains as unsure
    prompt_price: float = 0.10  # US dollars per 1M tokens, as are the other two
    cached_price: float = 0.01
    completion_price: float = 0.50

    @property
    def official(self) -> bool:
        """Whether it is OpenAI itself, which takes fields that other servers may reject."""
        return self.base_url is None or urlsplit(self.base_url).hostname == "api.openai.com"

    def cost_usd(self, prompt: int, cached: int, completion: int) -> float:
        """Price of a request whose `prompt` tokens include `cached` ones, in US dollars."""
        fresh = (prompt - cached) * self.prompt_price
        return (fresh + cached * self.cached_price + completion * self.completion_price) / 1e6


class LlmClassifier:
    """Asks a chat model for the label of each text, shown similar examples from `index`.

    Texts and shots are redacted before they leave. `index` is used from threads, as it embeds;
    None shows no examples but the labels' own. It may be shared with the local classifier;
    whoever shares it tells only one of the two to learn (the cascade does), though putting the
    same example twice is harmless. Raises ClassifierSetupError without a key for OpenAI itself.
    """

    def __init__(
        self,
        labels: LabelSet,
        settings: LlmSettings,
        index: ExampleIndex | None = None,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        if settings.official and not settings.api_key:
            raise ClassifierSetupError("OPENAI_API_KEY is empty: set it, or set OPENAI_BASE_URL")
        _keep_texts_out_of_logs()
        self._labels, self._settings, self._index = labels, settings, index
        self._client = openai.AsyncOpenAI(
            api_key=settings.api_key or "none",
            base_url=settings.base_url or OFFICIAL_URL,
            timeout=settings.timeout_s,
            max_retries=_RETRIES,
            http_client=http_client,
        )
        self._slots = asyncio.Semaphore(settings.max_concurrency)
        self._rejected: frozenset[str] = frozenset()
        self._version = f"llm:{settings.model}:{prompt.version(labels)}"

    @property
    def version(self) -> str:
        """`llm:<model>:<hash of prompt and labels>`."""
        return self._version

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; a bad answer is an abstention.

        Raises ClassifierUnavailableError when no text could be answered (single ones that failed
        abstain as unsure) and ClassifierSetupError when a setting is wrong.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._attempt(text)) for text in texts]
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
        await self._client.close()

    async def _attempt(self, text: str) -> Prediction | ClassifierUnavailableError:
        if not has_words(text):
            return self._abstain(Abstention.EMPTY)
        async with self._slots:
            try:
                return await self._predict(text)
            except ClassifierUnavailableError as error:
                return error

    async def _predict(self, text: str) -> Prediction:
        started = time.perf_counter()
        selection = await asyncio.to_thread(
            select, self._index, self._labels, text, self._settings.few_shot
        )
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                completion = await self._ask(_request(selection, text), selection.labels)
        except TimeoutError:
            message = f"{self._settings.model} took more than {self._settings.timeout_s:g} s"
            raise ClassifierUnavailableError(message) from None
        prediction = self._read(completion, selection)
        return replace(prediction, latency_ms=(time.perf_counter() - started) * 1000)

    async def _ask(self, messages: Any, labels: LabelSet) -> Any:
        """The completion; an Abstention where the request was refused for what it says."""
        optional = self._optional(labels)
        while True:
            try:
                completion = await self._client.chat.completions.create(
                    model=self._settings.model, messages=messages, **_merged(optional)
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if error.code == "content_filter":
                    return Abstention.REFUSED
                if error.code == _OVERLONG:
                    return Abstention.BAD_ANSWER
                rejected = _rejected(error, optional)
                if rejected is None:
                    raise self._setup_error(error) from None
                del optional[rejected]
            except (openai.APIResponseValidationError, ValueError):
                return Abstention.BAD_ANSWER
            except openai.APIError as error:
                raise self._failure(error) from None
            else:
                # Only now is it known that the field was at fault, and not the message.
                self._rejected |= self._optional(labels).keys() - optional.keys()
                return completion

    def _optional(self, labels: LabelSet) -> dict[str, Mapping[str, Any]]:
        """Fields that a server may not know, by the name that its rejection would mention."""
        schema = {"name": "label", "strict": True, "schema": prompt.schema(labels.names)}
        fields: dict[str, Mapping[str, Any]] = {"logprobs": {"logprobs": True}}
        if self._settings.structured == "json_schema":
            response_format = {"type": "json_schema", "json_schema": schema}
            fields["response_format"] = {"response_format": response_format}
        if self._settings.official:
            fields["store"] = {"store": False}
            fields["reasoning_effort"] = {"reasoning_effort": "none"}
            fields["max_completion_tokens"] = {"max_completion_tokens": _ANSWER_TOKENS}
        else:
            fields["temperature"] = {"temperature": 0}
            fields["max_tokens"] = {"max_tokens": _ANSWER_TOKENS}
        return {name: value for name, value in fields.items() if name not in self._rejected}

    def _failure(self, error: openai.APIError) -> ClassifierError:
        # What servers say may hold parts of the key or of the text: it is never passed on.
        if isinstance(error, openai.APIStatusError) and error.status_code in _SETUP_ADVICE:
            return self._setup_error(error)
        if error.code == "insufficient_quota":
            return ClassifierUnavailableError("quota of OPENAI_API_KEY is spent: add credit")
        status = error.status_code if isinstance(error, openai.APIStatusError) else "no answer"
        return ClassifierUnavailableError(f"{self._settings.model} cannot be reached ({status})")

    def _setup_error(self, error: openai.APIStatusError) -> ClassifierSetupError:
        advice = _SETUP_ADVICE.get(error.status_code, _SETUP_ADVICE[400])
        url = self._settings.base_url or OFFICIAL_URL
        return ClassifierSetupError(
            advice.format(status=error.status_code, url=url, model=self._settings.model)
        )

    def _read(self, completion: Any, selection: Selection) -> Prediction:
        if isinstance(completion, Abstention):
            return self._abstain(completion, selection)
        usage = _usage(completion, self._settings)
        answer, reason = _answer(completion)
        if reason is None and (label := prompt.parse(answer, selection.labels.names)) is not None:
            confidence = _certainty(completion, answer) or agreement(label, selection.nearest)
            prediction = self._labelled(label, confidence, selection)
        else:
            unsure = Abstention.UNSURE if prompt.declined(answer) else Abstention.BAD_ANSWER
            prediction = self._abstain(reason or unsure, selection)
        return replace(prediction, usage=usage)

    def _labelled(self, label: str, confidence: float, selection: Selection) -> Prediction:
        rest = [
            Score(score.label, min(score.confidence * (1 - confidence), confidence))
            for score in shares(selection.nearest)
            if score.label != label
        ]
        unsure = confidence < self._settings.min_confidence
        return Prediction(
            label=None if unsure else label,
            confidence=confidence,
            alternatives=(Score(label, confidence), *rest),
            reason=Abstention.UNSURE if unsure else None,
            neighbours=selection.nearest,
            classifier=self._version,
        )

    def _abstain(self, reason: Abstention, selection: Selection | None = None) -> Prediction:
        nearest = selection.nearest if selection else ()
        scores = tuple(shares(nearest))
        best = scores[0].confidence if scores else 0.0
        return Prediction(None, best, scores, reason, nearest, self._version)


_SETUP_ADVICE = {
    400: "{url} does not understand the request ({status}): check OPENAI_BASE_URL and OPENAI_MODEL",
    401: "OPENAI_API_KEY was rejected by {url}: set a valid key",
    403: "OPENAI_API_KEY may not use {model} at {url}: allow it for the key's project, or change "
    "OPENAI_MODEL",
    404: "{url} has no model {model}: check OPENAI_MODEL, and OPENAI_BASE_URL (mostly ends in /v1)",
}


def _keep_texts_out_of_logs() -> None:
    logger = logging.getLogger("openai")  # writes whole requests at DEBUG
    logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))


def has_words(text: str) -> bool:
    """Whether there is anything to read in a text: a letter or a digit."""
    return any(map(str.isalnum, text))


def _first(group: ExceptionGroup[Exception]) -> Exception:
    setup = (error for error in group.exceptions if isinstance(error, ClassifierSetupError))
    return next(setup, group.exceptions[0])


def _request(selection: Selection, text: str) -> list[dict[str, str]]:
    shots = [replace(shot, text=redact(shot.text).text) for shot in selection.shots]
    return prompt.messages(selection.labels, shots, redact(text).text)


def _merged(optional: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for fields in optional.values() for name, value in fields.items()}


def _rejected(error: openai.APIStatusError, optional: Mapping[str, Any]) -> str | None:
    said = f"{error.param} {error.message}"
    in_doubt = [name for name in optional if name in said]
    in_doubt += [name for name in _DROP_ORDER if name in optional]
    return in_doubt[0] if in_doubt else None


def _at(found: Any, *path: str | int) -> Any:
    """What lies at `path`, or None: the SDK does not check what servers send."""
    for step in path:
        if isinstance(step, str):
            found = getattr(found, step, None)
        else:
            found = found[step] if isinstance(found, list) and step < len(found) else None
    return found


def _answer(completion: Any) -> tuple[str, Abstention | None]:
    choice = _at(completion, "choices", 0)
    finish, content = _at(choice, "finish_reason"), _at(choice, "message", "content")
    if _at(choice, "message", "refusal") or finish == "content_filter":
        return "", Abstention.REFUSED
    if finish == "length" or not isinstance(content, str):
        return "", Abstention.BAD_ANSWER
    return content, None


def _certainty(completion: Any, answer: str) -> float | None:
    """Probability of the label's tokens; None where the server gives no log-probabilities."""
    steps = _at(completion, "choices", 0, "logprobs", "content")
    tokens = [_at(step, "token") for step in steps] if isinstance(steps, list) else []
    if "".join(map(str, tokens)) != answer:
        return None
    start = answer.rfind(":") + 1
    ends, total = 0, 0.0
    for token, step in zip(tokens, steps, strict=True):
        ends += len(token)
        logprob = _at(step, "logprob")
        if ends > start and not isinstance(logprob, float | int):
            return None
        total += logprob if ends > start else 0.0
    return min(math.exp(total), 1.0)


def _usage(completion: Any, settings: LlmSettings) -> Usage:
    asked = _count(completion, "prompt_tokens")
    cached = min(_count(completion, "prompt_tokens_details", "cached_tokens"), asked)
    answered = _count(completion, "completion_tokens")
    return Usage(asked, cached, answered, settings.cost_usd(asked, cached, answered))


def _count(completion: Any, *path: str) -> int:
    count = _at(completion, "usage", *path)
    return count if isinstance(count, int) else 0
