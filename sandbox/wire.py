"""Slack's JSON objects, and its errors by name."""

import json
from typing import Any

from starlette.responses import JSONResponse

Json = dict[str, Any]


class WireJson(JSONResponse):
    """JSON in ASCII, as Slack sends it; escapes carry even half of a surrogate pair."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json.dumps(content).encode()


class SlackError(Exception):
    """A call that Slack refuses; `code` is the error's name, such as `channel_not_found`."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def only(body: Json, *names: str) -> Json:
    """Return the named fields of an object that are present."""
    return {name: body[name] for name in names if name in body}
