"""Chat completions of any OpenAI-compatible server, with the request fields that it accepts."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from classifiers.base import (
    Abstention,
    ClassifierError,
    ClassifierSetupError,
    ClassifierUnavailableError,
    LabelSet,
    Usage,
)
from classifiers.config import LlmChoice, LlmConfig
from classifiers.ledger import UnsharedLedger
from classifiers.llm import completion, prompt
from classifiers.llm.completion import Answer
from classifiers.llm.fields import Fields, Forms, Offer
from classifiers.llm.meter import Meter
from classifiers.llm.rejection import Cause, Rejection
from classifiers.llm.wire import Wire

_ANSWER_TOKENS = 100
_THINKING_TOKENS = 2_048  # of an answer, for models whose thinking cannot be switched off
_TRIES = 12  # each try changes or drops a field
_DOUBTED = ("logprobs", "response_format")  # dropped in turn if a rejection names no field
_DIFFERENT = 3  # if as many different messages in a row fail alike, blame the endpoint
_MESSAGES_OWN = {Cause.REFUSED: Abstention.REFUSED, Cause.TOO_LONG: Abstention.BAD_ANSWER}
_SETUP_ADVICE = {
    Cause.UNCLEAR: "{url} rejects requests with status {status}: check OPENAI_BASE_URL and "
    "OPENAI_MODEL",
    Cause.ENDPOINT: "{url} answers with status {status}: check OPENAI_BASE_URL (usually ends in "
    "/v1)",
    Cause.KEY: "{url} rejects OPENAI_API_KEY: set a valid key",
    Cause.FORBIDDEN: "OPENAI_API_KEY may not use {model} at {url}: allow it for the key's project, "
    "or change OPENAI_MODEL",
    Cause.MISSING: "{url} has no model {model}: check OPENAI_MODEL, and OPENAI_BASE_URL (usually "
    "ends in /v1)",
}
_ERROR_WITHIN = (
    "{url} answers with status 200 and an error instead of a completion: check OPENAI_MODEL, and "
    "the log of the server or provider"
)
_TOO_MANY = (429, 529)
_BUSY = (
    "{url} answers with status {status}, too many requests: raise the limit of the account, or "
    "lower [llm] max_concurrency"
)
_FAILS = "{url} fails with status {status}: see the server's log or the provider's status page"
_ONLY_THINKS = (
    "{model} spends its answers on thinking: switch thinking off at {url}, or set OPENAI_MODEL to "
    "a model that answers directly"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of a message: the completion, the answer in it, and the usage of all tries."""

    completion: Any
    answer: Answer
    usage: Usage


class _Suspicion:
    """Counts different messages in a row with the same failure."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def grows(self, messages: Sequence[Mapping[str, str]]) -> bool:
        """Record a failed message; return True once the messages cannot be the cause."""
        if len(self._met) < _DIFFERENT:
            text = messages[-1]["content"].encode()
            self._met.add(hashlib.sha256(text).hexdigest())
        return len(self._met) >= _DIFFERENT

    def ends(self) -> None:
        """Record a success."""
        self._met.clear()


class Chat:
    """Sends requests with the fields that the endpoint accepts; `meter` counts their cost.

    It switches thinking off if the model thinks. Raises ClassifierSetupError if OpenAI is called
    without a key.
    """

    def __init__(
        self,
        choice: LlmChoice,
        config: LlmConfig,
        http_client: httpx2.AsyncClient | None = None,
        meter: Meter | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if choice.official and not choice.api_key:
            raise ClassifierSetupError("OPENAI_API_KEY is empty: set it, or set OPENAI_BASE_URL.")
        _keep_texts_out_of_logs()
        self._choice, self._structured = choice, config.structured == "json_schema"
        if meter is None:
            price = config.prices.get(choice.model)
            meter = Meter(UnsharedLedger(), price, config.daily_budget_usd)
        self._wire = Wire(choice, config.timeout_s, meter, http_client)
        self._fields = Fields(now)
        self._unclear, self._mute = _Suspicion(), _Suspicion()
        self._thinks = self._has_answered = False

    @property
    def thinks(self) -> bool:
        """Return True if an answer of the model began with thinking."""
        return self._thinks

    async def complete(
        self,
        messages: Any,
        labels: LabelSet,
        asked: Callable[[], None] = lambda: None,
    ) -> Reply:
        """Return the answer, or the reason to abstain if the message is at fault.

        Call `asked` when a request is sent. Raise ClassifierUnavailableError or
        ClassifierSetupError if the endpoint is at fault.
        """
        offer, used, thought = self._fields.offer(self._forms(labels)), Usage(), self._thinks
        for _ in range(_TRIES):
            found, usage = await self._wire.send(messages, offer.body, asked)
            used += usage
            if isinstance(found, Rejection):
                if _drops_field(offer, found, messages):
                    continue
                return Reply(None, self._rejected(found, messages), used)
            self._fields.accepted(offer)
            self._unclear.ends()
            answer = completion.read(found)
            self._thinks = self._thinks or answer.thinking
            if answer.only_thinking and not thought:
                offer, thought = self._fields.offer(self._forms(labels)), True
                continue
            return Reply(found, self._accepted(answer, messages), used)
        return Reply(None, self._rejected(Rejection(400), messages), used)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    def _forms(self, labels: LabelSet) -> dict[str, Forms]:
        """Return the ways to send each optional field, best first; servers may reject some."""
        schema = {"name": "label", "strict": True, "schema": prompt.schema(labels.names)}
        room = _THINKING_TOKENS if self._thinks else _ANSWER_TOKENS
        limits = ({"max_tokens": room}, {"max_completion_tokens": room})
        effort = ({"reasoning_effort": "none"}, {"reasoning_effort": "low"})
        forms: dict[str, Forms] = {"logprobs": ({"logprobs": True},)}
        if self._structured:
            response_format = {"type": "json_schema", "json_schema": schema}
            forms["response_format"] = ({"response_format": response_format},)
        if self._choice.openai_fields:
            forms |= {"store": ({"store": False},), "effort": effort, "limit": limits[::-1]}
        else:
            forms |= {"temperature": ({"temperature": 0},), "limit": limits}
            if self._thinks:
                template = {"enable_thinking": False, "thinking": False}
                forms |= {"effort": effort, "template": ({"chat_template_kwargs": template},)}
        return forms

    def _accepted(self, answer: Answer, messages: Any) -> Answer:
        """Return the answer; raise ClassifierSetupError if the model thinks without answering."""
        if not answer.only_thinking:
            self._has_answered = self._has_answered or bool(answer.text)
            self._mute.ends()
        elif self._mute.grows(messages) or not self._has_answered:
            raise ClassifierSetupError(self._filled(_ONLY_THINKS))
        return answer

    def _rejected(self, rejection: Rejection, messages: Any) -> Answer:
        """Return the reason to abstain if the message may be at fault; otherwise raise.

        Errors never quote the server, because it may repeat parts of the key or of the text.
        """
        cause = rejection.cause
        if cause in _MESSAGES_OWN:
            return Answer("", _MESSAGES_OWN[cause])
        if cause is Cause.UNCLEAR and not self._unclear.grows(messages):
            return Answer("", Abstention.BAD_ANSWER)
        raise self._failure(rejection)

    def _failure(self, rejection: Rejection) -> ClassifierError:
        if rejection.cause is Cause.QUOTA:
            return ClassifierUnavailableError("the quota of OPENAI_API_KEY is spent: add credit")
        if rejection.status == 200:  # noqa: PLR2004 - an error in the body
            return ClassifierUnavailableError(self._filled(_ERROR_WITHIN))
        if (advice := _SETUP_ADVICE.get(rejection.cause)) is not None:
            return ClassifierSetupError(self._filled(advice, rejection.status))
        advice = _BUSY if rejection.status in _TOO_MANY else _FAILS
        return ClassifierUnavailableError(self._filled(advice, rejection.status))

    def _filled(self, advice: str, status: int = 200) -> str:
        return advice.format(status=status, url=self._choice.url, model=self._choice.model)


def _drops_field(offer: Offer, rejection: Rejection, messages: Any) -> bool:
    """Change or drop a field that may be the cause; return False without such a field."""
    sent = "\n".join(turn["content"] for turn in messages)
    named = [name for name in offer.forms if rejection.names(offer.keys(name), sent)]
    if named:
        offer.blame(named[0])
        return True
    doubted = [name for name in _DOUBTED if name in offer.forms and offer.keys(name)]
    if rejection.cause is Cause.UNCLEAR and doubted:
        offer.doubt(doubted[0])
        return True
    return False


def _keep_texts_out_of_logs() -> None:
    logger = logging.getLogger("openai")  # logs whole requests at DEBUG
    logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))
