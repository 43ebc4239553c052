"""Parsing of request bodies: forms, JSON objects and uploaded files."""

from __future__ import annotations

import json
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.wire import Json


async def arguments(request: Request) -> Json:
    """Return the arguments of a call: its query, then its form (either kind) or JSON body."""
    args: Json = dict(request.query_params)
    body, kind = await request.body(), request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        decoded = json.loads(body) if body else {}
        return args | (decoded if isinstance(decoded, dict) else {})
    if kind.startswith("multipart/form-data"):
        return args | {_name(part): _bytes(part).decode("utf-8") for part in _parts(kind, body)}
    return args | dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))


async def upload_content(request: Request) -> bytes:
    """Return the content of an uploaded file: the raw body, or a form's first part."""
    body, kind = await request.body(), request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return body
    return next((_bytes(part) for part in _parts(kind, body)), b"")


def _parts(kind: str, body: bytes) -> list[Message[Any, Any]]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    form: Message[Any, Any] = BytesParser(policy=HTTP).parsebytes(head + body)
    return [part for part in form.walk() if not part.is_multipart()]


def _name(part: Message[Any, Any]) -> str:
    return str(part.get_param("name", "", "content-disposition"))


def _bytes(part: Message[Any, Any]) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
