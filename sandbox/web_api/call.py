"""One call of the Web API: its arguments, read the way Slack reads them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.sandbox import Sandbox
from sandbox.wire import Json, SlackError
from sandbox.workspace.state import Workspace


@dataclass(frozen=True)
class Call:
    """Arguments come as JSON values or as form strings; each reader takes both."""

    sandbox: Sandbox
    args: Json

    @property
    def workspace(self) -> Workspace:
        """The workspace that the call is about."""
        return self.sandbox.workspace

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """An argument that must be there, else `invalid_arguments`."""
        if not (value := self.text(name)):
            raise SlackError("invalid_arguments", response_metadata={"messages": [name]})
        return value

    def flag(self, name: str) -> bool:
        """An argument as truth: true, "true", "1"."""
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """A whole number, else `invalid_arguments`."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def data(self, name: str, error: str = "invalid_arguments") -> Any:
        """A JSON argument (None where absent), decoded where it came as text."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackError(error) from None

    def page(self, rows: list[Any], default: int = 100) -> tuple[list[Any], Json]:
        """One page of rows by `limit` and `cursor`, and its `response_metadata`."""
        cursor = self.text("cursor")
        if cursor and not cursor.isdigit():
            raise SlackError("invalid_cursor")
        start, limit = int(cursor or 0), self.number("limit", default)
        end = start + max(1, min(limit, 1000))
        following = str(end) if end < len(rows) else ""
        return rows[start:end], {"next_cursor": following}


Method = Callable[[Call], Json]
