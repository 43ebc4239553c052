"""A sandbox that runs inside the test, and a client for its control API."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from sandbox.config import SandboxConfig
from sandbox.serving import SandboxServer
from sandbox.workspace.state import Workspace

Json = dict[str, Any]
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""An empty set of certificates: loading those of the machine takes 50 ms for each client."""


class ControlError(Exception):
    """The control API refused a request; `code` is Slack's error name."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Control:
    """Actions of people, and of Slack, in the sandbox; channels by id or `#name`."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def act(self, name: str, /, **body: Any) -> Json:
        """Call the control API by an action's name; omit arguments that are None."""
        given = {key: value for key, value in body.items() if value is not None}
        content, headers = json.dumps(given), {"content-type": "application/json"}
        answer = (await self.http.post(f"/control/{name}", content=content, headers=headers)).json()
        if not answer["ok"]:
            raise ControlError(answer["error"])
        found: Json = answer
        return found

    async def post(self, user: str, channel: str, text: str, **more: Any) -> str:
        """Write a message; return its ts. More: thread_ts, files, subtype, blocks, username."""
        sent = await self.act("messages", user=user, channel=channel, text=text, **more)
        return str(sent["ts"])

    async def edit(self, channel: str, ts: str, text: str, user: str | None = None) -> None:
        await self.act("edit", channel=channel, ts=ts, text=text, user=user)

    async def delete(self, channel: str, ts: str) -> None:
        await self.act("delete", channel=channel, ts=ts)

    async def react(self, user: str, channel: str, ts: str, name: str) -> None:
        await self.act("react", user=user, channel=channel, ts=ts, name=name)

    async def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        await self.act("unreact", user=user, channel=channel, ts=ts, name=name)

    async def slash(self, user: str, channel: str, command: str, text: str = "") -> Json:
        """Run a command; return its ack's payload."""
        done = await self.act("slash", user=user, channel=channel, command=command, text=text)
        return dict(done["response"])

    async def click(self, user: str, action_id: str, **more: Any) -> Json:
        """Press a button. More: channel and ts, or view_id; block_id, value, type…"""
        return dict((await self.act("click", user=user, action_id=action_id, **more))["response"])

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """Submit a modal with values by block id and action id; return the ack's payload."""
        done = await self.act("submit", user=user, view_id=view_id, values=values)
        return dict(done["response"])

    async def home(self, user: str) -> None:
        await self.act("home", user=user)

    async def faults(self, method: str, answer: str | int, times: int = 1, **more: Any) -> None:
        """Make a method answer `429`, `500` or an error. More: retry_after, performed."""
        await self.act("faults", method=method, answer=answer, times=times, **more)

    async def limits(self, *, on: bool, window: float | None = None) -> None:
        await self.act("limits", on=on, window=window)

    async def duplicate(self, ts: str) -> str:
        """Deliver the last event about a ts again; return its new event id."""
        return str((await self.act("duplicate", ts=ts))["event_id"])

    async def refresh(self) -> int:
        """Ask all Socket Mode clients to reconnect; return their number."""
        return int((await self.act("refresh"))["asked"])

    async def state(self) -> Json:
        return dict((await self.http.get("/control/state")).json())

    async def messages(self, channel: str) -> list[Json]:
        """Return the messages of a channel id, oldest first, with reactions and metadata."""
        return list((await self.state())["messages"][channel])

    async def message(self, channel: str, ts: str) -> Json:
        return next(m for m in await self.messages(channel) if m["ts"] == ts)

    async def reactions(self, channel: str, ts: str) -> dict[str, list[str]]:
        """Return the users who reacted to a message, by emoji name."""
        kept = await self.message(channel, ts)
        return {r["name"]: r["users"] for r in kept.get("reactions", [])}

    async def ephemerals(self, user: str) -> list[Json]:
        """Return the messages that only this user sees, oldest first."""
        return [m for m in (await self.state())["ephemerals"] if m["visible_to"] == user]

    async def views(self, user: str) -> list[Json]:
        return [v for v in (await self.state())["views"] if v["user"] == user]

    async def calls(self, method: str | None = None) -> list[Json]:
        """Return the log of Web API calls: method, args, status, ok, error, at."""
        query = {"method": method} if method else {}
        return list((await self.http.get("/control/calls", params=query)).json()["calls"])

    async def deliveries(self) -> list[Json]:
        """Return all events: event_id, type, subtype, channel, ts, attempts, acked, given_up."""
        return list((await self.http.get("/control/deliveries")).json()["deliveries"])


@dataclass(frozen=True)
class RunningSandbox:
    """A running sandbox: its URLs, its tokens, its state and its control API."""

    url: str
    api_url: str
    bot_token: str
    app_token: str
    signing_secret: str
    state: Workspace
    control: Control
    server: SandboxServer


@asynccontextmanager
async def running_sandbox(config: SandboxConfig | None = None) -> AsyncIterator[RunningSandbox]:
    """Run a new sandbox on a free port, in this process and loop."""
    chosen = config or SandboxConfig()
    server = SandboxServer(chosen)
    serving = asyncio.create_task(server.run_until_stopped())
    async with httpx2.AsyncClient(base_url=server.url, timeout=30, verify=_NO_AUTHORITIES) as http:
        try:
            yield RunningSandbox(
                url=server.url,
                api_url=f"{server.url}/api/",
                bot_token=chosen.bot_token,
                app_token=chosen.app_token,
                signing_secret=chosen.signing_secret,
                state=server.sandbox.workspace,
                control=Control(http),
                server=server,
            )
        finally:
            await http.aclose()
            await eventually(lambda: server.started or serving.done())
            server.should_exit = True
            await serving


async def eventually(check: Callable[[], Any], seconds: float = 10) -> Any:
    """Return the first true result of `check` (plain or async); fail after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = check()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"the condition was not true within {seconds} s")
        await asyncio.sleep(0.02)
