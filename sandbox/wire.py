"""What travels on the wire: JSON objects, and errors by Slack's names."""

import json
from typing import Any

from starlette.responses import JSONResponse

Json = dict[str, Any]


class WireJson(JSONResponse):
    """JSON as Slack writes it: all but ASCII escaped, so that half an emoji travels too."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json.dumps(content).encode()


class SlackError(Exception):
    """A call that Slack refuses; the caller reads `code` (such as `channel_not_found`)."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def only(body: Json, *names: str) -> Json:
    """Those fields of an object that are named and there."""
    return {name: body[name] for name in names if name in body}
