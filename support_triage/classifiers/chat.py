"""Chat completions of any OpenAI-compatible server: it is asked with the fields that it knows."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import httpx2
import openai

from support_triage.classifiers import prompt
from support_triage.classifiers.base import (
    Abstention,
    ClassifierError,
    ClassifierSetupError,
    ClassifierUnavailableError,
    LabelSet,
)
from support_triage.classifiers.llm_config import LlmChoice, LlmConfig

_ANSWER_TOKENS = 100
_RETRIES = 2  # by the SDK, the only layer that retries
_DROP_ORDER = ("logprobs", "response_format")  # when a rejection does not name its field
_OVERLONG = re.compile(r"context[_ ](length|size|window)")  # OpenAI's, vLLM's, llama.cpp's words
_SETUP_ADVICE = {
    400: "{url} does not understand the request ({status}): check OPENAI_BASE_URL and OPENAI_MODEL",
    401: "OPENAI_API_KEY was rejected by {url}: set a valid key",
    403: "OPENAI_API_KEY may not use {model} at {url}: allow it for the key's project, or change "
    "OPENAI_MODEL",
    404: "{url} has no model {model}: check OPENAI_MODEL, and OPENAI_BASE_URL (mostly ends in /v1)",
}


class Chat:
    """One model at one endpoint.

    Fields that the server rejects are left out from then on, once a request without them went
    through. Raises ClassifierSetupError without a key for OpenAI itself.
    """

    def __init__(
        self, choice: LlmChoice, config: LlmConfig, http_client: httpx2.AsyncClient | None = None
    ) -> None:
        if choice.official and not choice.api_key:
            raise ClassifierSetupError("OPENAI_API_KEY is empty: set it, or set OPENAI_BASE_URL")
        _keep_texts_out_of_logs()
        self._choice, self._structured = choice, config.structured == "json_schema"
        self._client = openai.AsyncOpenAI(
            api_key=choice.api_key or "none",
            base_url=choice.url,
            timeout=config.timeout_s,
            max_retries=_RETRIES,
            http_client=http_client,
        )
        self._rejected: frozenset[str] = frozenset()

    @property
    def rejected(self) -> frozenset[str]:
        """Fields that this server is known not to take."""
        return self._rejected

    async def complete(self, messages: Any, labels: LabelSet) -> Any:
        """The completion; an Abstention where the request was refused for what it says.

        Raises ClassifierUnavailableError or ClassifierSetupError.
        """
        optional = self._optional(labels)
        while True:
            try:
                completion = await self._client.chat.completions.create(
                    model=self._choice.model, messages=messages, **_merged(optional)
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if error.code == "content_filter":
                    return Abstention.REFUSED
                if _OVERLONG.search(f"{error.code} {error.message}"):
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

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _optional(self, labels: LabelSet) -> dict[str, Mapping[str, Any]]:
        """Fields that a server may not know, by the name that its rejection would mention."""
        schema = {"name": "label", "strict": True, "schema": prompt.schema(labels.names)}
        fields: dict[str, Mapping[str, Any]] = {"logprobs": {"logprobs": True}}
        if self._structured:
            response_format = {"type": "json_schema", "json_schema": schema}
            fields["response_format"] = {"response_format": response_format}
        if self._choice.openai_fields:
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
        return ClassifierUnavailableError(f"{self._choice.model} cannot be reached ({status})")

    def _setup_error(self, error: openai.APIStatusError) -> ClassifierSetupError:
        advice = _SETUP_ADVICE.get(error.status_code, _SETUP_ADVICE[400])
        return ClassifierSetupError(
            advice.format(status=error.status_code, url=self._choice.url, model=self._choice.model)
        )


def _keep_texts_out_of_logs() -> None:
    logger = logging.getLogger("openai")  # writes whole requests at DEBUG
    logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))


def _merged(optional: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for fields in optional.values() for name, value in fields.items()}


def _rejected(error: openai.APIStatusError, optional: Mapping[str, Any]) -> str | None:
    said = f"{error.param} {error.message}"
    in_doubt = [name for name in optional if name in said]
    in_doubt += [name for name in _DROP_ORDER if name in optional]
    return in_doubt[0] if in_doubt else None
