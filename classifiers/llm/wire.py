"""Send requests to an OpenAI-compatible server, within a budget, with retries and size limits."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import httpx2
import openai

from classifiers.base import (
    ClassifierError,
    ClassifierSetupError,
    ClassifierUnavailableError,
    Usage,
)
from classifiers.config import LlmChoice
from classifiers.llm import completion
from classifiers.llm.meter import Bill, Estimate, Meter, estimate
from classifiers.llm.rejection import Cause, Rejection

MOST_BYTES = 2**20  # of an answer: log-probabilities of 2,048 tokens take a quarter of that
_TRIES = 3
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0  # if a server asks for more, the cascade's breaker pauses instead
_ANSWERED_TOO_LATE = (
    408,
    499,
    504,
    524,
)  # the gateway timed out, but the model may still cost money
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Wire:
    """Sends requests for a model. Every try has a separate reservation.

    The SDK's retries are off, because they could not be counted.
    """

    def __init__(
        self,
        choice: LlmChoice,
        timeout_s: float,
        meter: Meter,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        http_client = http_client or openai.DefaultAsyncHttpxClient()
        http_client.event_hooks["response"].append(_cap)
        self._choice, self._meter = choice, meter
        self._client = openai.AsyncOpenAI(
            api_key=choice.api_key or "none",
            base_url=choice.url,
            timeout=timeout_s,
            max_retries=0,
            http_client=http_client,
            default_headers={"accept-encoding": "identity"},  # unpacked bodies have no size limit
        )

    async def send(
        self,
        messages: Sequence[Mapping[str, str]],
        fields: Mapping[str, Any],
        asked: Callable[[], None],
    ) -> tuple[Any, Usage]:
        """Return the completion as a JSON document, or its rejection, and the usage of all tries.

        Call `asked` before each try. Raise ClassifierUnavailableError or ClassifierSetupError if
        the endpoint gives neither.
        """
        expected, used = estimate(messages, fields), Usage()
        for number in range(_TRIES):
            async with self._meter.request(expected) as bill:
                asked()
                try:
                    found, pause_s = await self._try(messages, fields, bill, expected, number)
                finally:
                    used += bill.usage
            if pause_s is None or number == _TRIES - 1:
                break
            await asyncio.sleep(pause_s)
        if isinstance(found, ClassifierError):
            raise found
        return found, used

    async def aclose(self) -> None:
        """Settle all requests, then close the connections."""
        await self._meter.finish()
        await self._client.close()

    async def _try(
        self,
        messages: Any,
        fields: Mapping[str, Any],
        bill: Bill,
        expected: Estimate,
        number: int,
    ) -> tuple[Any, float | None]:
        """Send the request; return the result, and the seconds until a retry may help or None."""
        try:
            raw = await self._client.chat.completions.with_raw_response.create(
                model=self._choice.model, messages=messages, extra_body=fields
            )
        except openai.APIStatusError as error:
            rejection = Rejection.of(error.status_code, _body(error))
            if rejection.status not in _ANSWERED_TOO_LATE:
                bill.cancel()
            passing = rejection.cause is Cause.PASSING
            return rejection, _pause_s(error.response, number) if passing else None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, _NEVER_SENT):
                bill.cancel()
            return self._unreachable(), _FIRST_PAUSE_S * (1 << number)
        response = raw.http_response
        return self._document(response, bill, expected), None

    def _document(self, response: httpx2.Response, bill: Bill, expected: Estimate) -> Any:
        """Return the completion, a Rejection, or the error to raise."""
        try:
            found = json.loads(response.content)
        except (ValueError, RecursionError):
            kind = response.headers.get("content-type", "json")
            if "json" in kind:
                return self._wrong("answers with incomplete or invalid JSON")
            bill.cancel()
            what = _KINDS.get(kind.partition(";")[0], "something else")
            return self._wrong(f"answers with {what} instead of JSON")
        if (failure := completion.failure(found)) is not None:
            if not completion.at(found, "usage"):
                bill.cancel()
            return Rejection.within(failure)
        bill.usage = completion.usage(found, self._meter.price, expected)
        if not isinstance(completion.at(found, "choices", 0, "message"), dict):
            return self._wrong("answers without choices")
        return found

    def _wrong(self, does: str) -> ClassifierSetupError:
        return ClassifierSetupError(
            f"{self._choice.url} {does}: check OPENAI_BASE_URL (usually ends in /v1), and that no "
            "login page or proxy answers in its place"
        )

    def _unreachable(self) -> ClassifierUnavailableError:
        return ClassifierUnavailableError(f"{self._choice.model} cannot be reached (no answer)")


def _body(error: openai.APIStatusError) -> Any:
    """Return the body of an error as a JSON document; a JSON string becomes its message."""
    is_json = "json" in error.response.headers.get("content-type", "")
    return {"message": error.body} if is_json and isinstance(error.body, str) else error.body


_KINDS = {"text/html": "a web page", "text/event-stream": "a stream of events"}


def _pause_s(response: httpx2.Response, number: int) -> float | None:
    """Return the seconds to wait: as the server asks, or else doubling; None for no retry."""
    if response.headers.get("x-should-retry") == "false":
        return None
    for name, unit_s in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            asked_s = float(str(response.headers[name])) * unit_s
        except (KeyError, ValueError):
            continue
        return asked_s if 0 <= asked_s <= _LONGEST_PAUSE_S else None
    return _FIRST_PAUSE_S * (1 << number)


class _Capped(httpx2.AsyncByteStream):
    """A stream that ends after the first MOST_BYTES of a body."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MOST_BYTES
        async for chunk in self._inner:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _cap(response: httpx2.Response) -> None:
    """Limit the bytes read of a body, and do not unpack it: it was requested unpacked."""
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Capped(response.stream)
    response.headers.pop("content-encoding", None)
