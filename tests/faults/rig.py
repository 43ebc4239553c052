"""A workspace under load, processes of the bot, and a Valkey, all open to faults."""

import asyncio
import os
import random
import signal
import sys
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.slack.card import Author, card_about
from sandbox.config import SandboxConfig
from tests.faults.money import Money
from tests.faults.proxy import Proxy, proxied
from tests.faults.use import LOOP, REST, Use, use_of
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import BOT, SUPPORT
from tests.valkeys import Node, node

CHILD = (sys.executable, "-m", "tests.faults.child")
TRIAGE = (sys.executable, "-c", "from bot.cli.main import main; main()", "run", "--role")
LABELS = {"BILLING": "moneybag", "TECHNICAL": "wrench", "ACCOUNT": "bust_in_silhouette"}
ALL_EMOJI = frozenset({*LABELS.values(), "speech_balloon", "raising_hand"})
SHIPPED_MORE_MB = 60.0  # kept by fits and the LLM's client, plus 10 s of free memory: decision 84
_WARM = 128
"""Entries that a worker holds at once; after these, its buffers and connections have full size."""


@dataclass
class Rig:
    """Everything that a fault may affect.

    `command` starts a process, with a role as its last argument. `emoji_shown` are the emoji that
    a message may get; by default only that of its first word, as the classifier of CHILD answers.
    `more_mb` is the allowed growth of a process in MB, as its allocator keeps memory after a
    backlog. `sockets` is the allowed number of sockets of an idle process.
    """

    folder: Path
    sandbox: RunningSandbox
    redis_url: str
    to_redis: Proxy
    to_slack: Proxy
    valkey: Node | None
    stack: AsyncExitStack
    command: Sequence[str] = CHILD
    environment: Mapping[str, str] = field(default_factory=dict)
    emoji_shown: frozenset[str] = frozenset()
    more_mb: float = 10.0
    sockets: int = REST
    processes: dict[str, Process] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    corrected: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    async def start(self, name: str) -> None:
        """Start a process of the bot: `intake…` or `worker…`."""
        role = name.rstrip("0123456789")
        environment = os.environ | {
            "SLACK_BOT_TOKEN": self.sandbox.bot_token,
            "SLACK_APP_TOKEN": self.sandbox.app_token,
            "SLACK_API_URL": f"http://127.0.0.1:{self.to_slack.port}/api/",
            "REDIS_URL": self.redis_url,
            "TRIAGE_CONFIG": str(self.folder / "triage.toml"),
            **self.environment,
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self.command, role, env=environment, stderr=log, stdout=log
            )
        self.processes[name] = process

    async def kill(self, name: str) -> None:
        """Kill a process and start it again, as a supervisor would."""
        self.processes[name].kill()
        await self.processes[name].wait()
        await self.start(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    def messages(self) -> dict[str, dict[str, Any]]:
        return self.sandbox.state.messages[SUPPORT]

    def emoji(self, ts: str) -> set[str]:
        kept = self.messages()[ts]
        reactions = kept.get("reactions", [])
        return {reaction["name"] for reaction in reactions if BOT in reaction["users"]}

    def cards(self) -> Counter[str]:
        """Return the number of cards about each message, by ts."""
        return Counter(
            about.partition(":")[2]
            for messages in self.sandbox.state.messages.values()
            for message in messages.values()
            if (about := card_about(message, Author(BOT)))
        )

    def unanswered(self) -> list[str]:
        cards = self.cards()
        return [ts for ts in self.sent if not self._right(self.emoji(ts), ts) or cards[ts] != 1]

    def _right(self, emoji: set[str], ts: str) -> bool:
        if ts in self.corrected or not self.emoji_shown:
            return emoji == {LABELS[self.corrected.get(ts, self.sent[ts])]}
        return len(emoji) == 1 and emoji <= self.emoji_shown

    async def write(self, label: str, words: str = "please") -> str:
        """Write a message with this label; return its ts."""
        ts = await self.sandbox.control.post("U0CLEO", SUPPORT, f"{label} {words}")
        self.sent[ts] = label
        return ts

    def ended(self) -> str:
        """Return the last log line of a process that has ended, or "" if all run."""
        for name, process in self.processes.items():
            if process.returncode is not None:
                *_, last = (self.folder / f"{name}.log").read_text().splitlines() or [""]
                return f"{name} ended with {process.returncode}: {last}"
        return ""

    def connected(self) -> bool:
        """Return True if a process receives events."""
        return bool(self.sandbox.server.sandbox.sockets.connections)

    def up(self) -> bool:
        """Return True if every process, also a restarted one, has connections."""
        return all(use.sockets > LOOP for use in self.use().values())

    async def warm(self) -> None:
        """Write as many messages as a worker holds at once, and wait for the answers."""
        for number in range(_WARM):
            await self.write(sorted(LABELS)[number % len(LABELS)])
        await eventually(lambda: not self.unanswered(), 120)

    def use(self) -> dict[str, Use]:
        """Return the resource use of each process, by name."""
        return {name: use_of(process.pid) for name, process in self.processes.items()}

    def money(self) -> Money | None:
        """Return the cost of the LLM, or None without an LLM."""
        return None

    async def load(self, seconds: float, per_second: float, healed: asyncio.Event) -> None:
        """Write messages for some seconds and until healed; correct every fifth a little later."""
        choose = random.Random(7)  # noqa: S311 - the same sequence each time
        until = time.monotonic() + seconds
        while time.monotonic() < until or not healed.is_set():
            label = choose.choice(sorted(LABELS))
            await self.write(label)
            if len(self.sent) % 5 == 0:
                late = choose.choice(list(self.sent)[-10:])
                if late not in self.corrected:
                    right = choose.choice(sorted(set(LABELS) - {self.sent[late]}))
                    await self.sandbox.control.react("U0AVA", SUPPORT, late, LABELS[right])
                    self.corrected[late] = right
            await asyncio.sleep(1 / per_second)


_AFTER = """
[pacing]
factor = 0

[llm.prices.small]
prompt = 100
cached = 10
completion = 500
"""


def _configure(folder: Path, llm_settings: str) -> None:
    llm = f"[llm]\ntimeout_s = 15\n{llm_settings}"
    config = Path("triage.toml").read_text("utf-8").replace("[llm]", llm, 1)
    (folder / "triage.toml").write_text(config + _AFTER)


@asynccontextmanager
async def open_rig(
    folder: Path,
    names: Sequence[str] = ("intake", "worker0"),
    redis_url: str | None = None,
    kind: type[Rig] = Rig,
    llm_settings: str = "",
    **more: Any,
) -> AsyncIterator[Rig]:
    """Yield a rig: sandbox, Valkey with an append-only file, proxies before both, processes.

    `redis_url` replaces the Valkey, `llm_settings` are lines for the table `[llm]`, and `more` are
    fields of the rig, which is of class `kind`.
    """
    _configure(folder, llm_settings)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(SandboxConfig(retry_scale=0.01)))
        valkey = None
        if redis_url is None:
            options = ("--appendonly", "yes", "--appendfsync", "everysec")
            valkey = stack.enter_context(node(folder, *options))
        inner = sandbox.server.sandbox
        port = 0 if valkey is None else valkey.port
        to_redis = await stack.enter_async_context(proxied("127.0.0.1", port))
        slack_port = int(sandbox.url.rpartition(":")[2])
        to_slack = await stack.enter_async_context(proxied("127.0.0.1", slack_port))
        inner.config = replace(inner.config, url=f"http://127.0.0.1:{to_slack.port}")
        url = redis_url or f"redis://127.0.0.1:{to_redis.port}"
        rig = kind(folder, sandbox, url, to_redis, to_slack, valkey, stack, **more)
        for name in names:
            await rig.start(name)
        try:
            await eventually(lambda: rig.ended() or rig.connected(), 120)
            if ended := rig.ended():
                raise RuntimeError(ended)
            yield rig
        finally:
            for process in rig.processes.values():
                if process.returncode is None:
                    process.kill()
                await process.wait()


Fault = Callable[[Rig], Awaitable[None]]
