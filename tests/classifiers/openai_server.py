"""An OpenAI-compatible chat server on a real socket, with replies made by the test."""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.serving import listening, serving

Body = dict[str, Any]
Reply = Response | str
"""A response, or a label to answer with."""


@dataclass(frozen=True)
class Seen:
    """A request as the server received it."""

    body: Body
    headers: dict[str, str]

    @property
    def messages(self) -> list[dict[str, str]]:
        messages: list[dict[str, str]] = self.body["messages"]
        return messages

    @property
    def message(self) -> str:
        """Return the text to label, without its delimiters."""
        return undelimited(self.messages[-1]["content"])


@dataclass
class OpenAiServer:
    """Answers with the queued `replies` first, then with the result of `answer`."""

    url: str
    answer: Callable[[Body], Reply]
    replies: deque[Reply] = field(default_factory=deque)
    requests: list[Seen] = field(default_factory=list)

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(Seen(body, dict(request.headers)))
        reply = self.replies.popleft() if self.replies else self.answer(body)
        return answered(reply) if isinstance(reply, str) else reply


@asynccontextmanager
async def openai_server(
    answer: Callable[[Body], Reply] | None = None,
) -> AsyncIterator[OpenAiServer]:
    """Serve on a free local port; by default answer like a crude nearest-shot classifier."""
    listener = listening()
    port = listener.getsockname()[1]
    fake = OpenAiServer(f"http://127.0.0.1:{port}/v1", answer or nearest_shot)
    app = Starlette(routes=[Route("/v1/chat/completions", fake.chat, methods=["POST"])])
    async with serving(app, listener):
        yield fake


def answered(
    label: str,
    *,
    logprob: float | None = None,
    cached_tokens: int = 0,
) -> Response:
    """Return a completion that answers `label` as JSON, with `logprob` for each token."""
    content = json.dumps({"label": label})
    return said(content, logprob=logprob, cached_tokens=cached_tokens)


def said(
    content: str | None,
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    logprob: float | None = None,
    cached_tokens: int = 0,
) -> Response:
    """Return a completion with any content."""
    found: Body = {"content": content, "refusal": refusal}
    logprobs = None if logprob is None else _steps(content or "", logprob)
    return message(
        found, finish_reason=finish_reason, logprobs=logprobs, cached_tokens=cached_tokens
    )


def message(
    found: Body,
    *,
    finish_reason: str = "stop",
    logprobs: Any = None,
    cached_tokens: int = 0,
    usage: Any = ...,
) -> Response:
    """Return a completion with any message, such as `reasoning_content`, and any usage."""
    choice: Body = {
        "index": 0,
        "message": {"role": "assistant"} | found,
        "finish_reason": finish_reason,
    }
    if logprobs is not None:
        choice["logprobs"] = {"content": logprobs}
    if usage is ...:
        usage = {
            "prompt_tokens": 1500,
            "completion_tokens": 10,
            "total_tokens": 1510,
            "prompt_tokens_details": {"cached_tokens": cached_tokens},
        }
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake"}
    content = json.dumps(head | {"choices": [choice], "usage": usage})  # also NaN, as servers do
    return Response(content, media_type="application/json")


def refused() -> Response:
    return said(None, refusal="I cannot help with that.")


def filtered() -> Response:
    return said("", finish_reason="content_filter")


def truncated() -> Response:
    return said('{"label": "BILL', finish_reason="length")


def failed(
    status: int, code: str | None = None, message: str = "no", *, retry: bool = False
) -> Response:
    """Return an error; `retry` lets the client retry at once, otherwise it must not."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    headers = {"retry-after-ms": "1"} if retry else {"x-should-retry": "false"}
    return JSONResponse({"error": error}, status, headers)


def quota_spent() -> Response:
    return failed(429, "insufficient_quota")


def without(field_name: str, answer: Callable[[Body], Reply]) -> Callable[[Body], Reply]:
    """Return an `answer` that rejects requests with a field by its name, and answers others."""

    def reply(body: Body) -> Reply:
        if field_name in body:
            return failed(400, "unknown_parameter", f"Unrecognized request argument: {field_name}")
        return answer(body)

    return reply


class Hang(Response):
    """Never answers; ends when the client disconnects."""

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


class Slow(Response):
    """Answers with a label after some seconds."""

    def __init__(self, label: str, seconds: float) -> None:
        super().__init__()
        self._label, self._seconds = label, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._seconds)
        await answered(self._label)(scope, receive, send)


class Drop(Response):
    """Promises a body and closes the connection instead."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def nearest_shot(body: Body) -> Reply:
    """Return the label of the shot that shares most words with the message, or the first label."""
    *turns, asked = body["messages"][1:]
    words = _words(asked["content"])
    shots = [
        (len(words & _words(turns[i]["content"])), json.loads(turns[i + 1]["content"])["label"])
        for i in range(0, len(turns), 2)
    ]
    best = max(shots, key=lambda shot: shot[0], default=(0, None))
    label = best[1] if best[0] else offered(body)[0]
    return str(label)


def offered(body: Body) -> list[str]:
    """Return the labels that a request offers to the model."""
    return re.findall(
        r"^- ([^:\n]+)", body["messages"][0]["content"].split("\nLabels:\n")[1], re.MULTILINE
    )


def undelimited(content: str) -> str:
    return content.removeprefix("<message>\n").removesuffix("\n</message>")


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", undelimited(text).casefold()))


def _steps(content: str, logprob: float) -> list[Body]:
    return [
        {"token": token, "logprob": logprob, "bytes": None, "top_logprobs": []}
        for token in re.findall(r"\w+|\W+", content)
    ]
