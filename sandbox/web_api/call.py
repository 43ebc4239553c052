"""A call of the Web API, and Slack's way of reading its arguments."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.sandbox import Sandbox
from sandbox.wire import Json, SlackError
from sandbox.workspace.state import Workspace


@dataclass(frozen=True)
class Call:
    """A call; its arguments are JSON values or form strings, and each method reads both."""

    sandbox: Sandbox
    args: Json

    @property
    def workspace(self) -> Workspace:
        """Return the sandbox's workspace."""
        return self.sandbox.workspace

    def text(self, name: str, default: str = "") -> str:
        """Return an argument as text."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """Return a required argument; raise `invalid_arguments`."""
        if not (value := self.text(name)):
            raise SlackError("invalid_arguments", response_metadata={"messages": [name]})
        return value

    def flag(self, name: str) -> bool:
        """Return True for true, "true" or "1"."""
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """Return an argument as a whole number; raise `invalid_arguments`."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def data(self, name: str, error: str = "invalid_arguments") -> Any:
        """Return a JSON argument, decoded if it is text; None if absent."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackError(error) from None

    def page(self, rows: list[Any], default: int = 100) -> tuple[list[Any], Json]:
        """Return a page of rows by `limit` and `cursor`, and its `response_metadata`."""
        cursor = self.text("cursor")
        if cursor and not cursor.isdigit():
            raise SlackError("invalid_cursor")
        start, limit = int(cursor or 0), self.number("limit", default)
        end = start + max(1, min(limit, 1000))
        following = str(end) if end < len(rows) else ""
        return rows[start:end], {"next_cursor": following}


Method = Callable[[Call], Json]
