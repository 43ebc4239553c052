"""A workspace under load, the bot's processes, and a Valkey that can be hurt."""

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

from support_triage.bot.gateway import Author, card_about
from support_triage.sandbox.config import SandboxConfig
from tests.faults.proxy import Proxy, proxied
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import BOT, SUPPORT
from tests.valkeys import Node, node

CHILD = (sys.executable, "-m", "tests.faults.child")
TRIAGE = (sys.executable, "-c", "from support_triage.bot.cli import main; main()", "run", "--role")
LABELS = {"BILLING": "moneybag", "TECHNICAL": "wrench", "ACCOUNT": "bust_in_silhouette"}
ALL_EMOJI = frozenset({*LABELS.values(), "speech_balloon", "raising_hand"})
SHIPPED_MORE_MB = 60.0  # also fits, and batches of all sizes; see docs/performance.md


@dataclass
class Rig:
    """What a fault may get its hands on.

    `command` starts a process of the role that stands behind it. `emoji_shown` are those that a
    message may get; by default the one of its first word, which the classifier of CHILD goes by.
    `more_mb` is what each process may have grown by: its allocator keeps what a backlog took.
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
    processes: dict[str, Process] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    corrected: dict[str, str] = field(default_factory=dict)

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
        return {one["name"] for one in kept.get("reactions", []) if BOT in one["users"]}

    def cards(self) -> Counter[str]:
        """How many cards there are about each message, by its ts."""
        return Counter(
            about.partition(":")[2]
            for messages in self.sandbox.state.messages.values()
            for one in messages.values()
            if (about := card_about(one, Author(BOT)))
        )

    def unanswered(self) -> list[str]:
        cards = self.cards()
        return [ts for ts in self.sent if not self._right(self.emoji(ts), ts) or cards[ts] != 1]

    def _right(self, emoji: set[str], ts: str) -> bool:
        if ts in self.corrected or not self.emoji_shown:
            return emoji == {LABELS[self.corrected.get(ts, self.sent[ts])]}
        return len(emoji) == 1 and emoji <= self.emoji_shown

    async def write(self, label: str, words: str = "please") -> str:
        """Somebody writes a message of this label; its ts."""
        ts = await self.sandbox.control.post("U0CLEO", SUPPORT, f"{label} {words}")
        self.sent[ts] = label
        return ts

    def usage(self) -> tuple[float, float]:
        """Memory in MB and open files of all processes of the bot."""
        rss, files = 0.0, 0.0
        for process in self.processes.values():
            proc = Path(f"/proc/{process.pid}")
            pages = int((proc / "statm").read_text().split()[1])
            rss += pages * os.sysconf("SC_PAGE_SIZE") / 1e6
            files += len(list((proc / "fd").iterdir()))
        return rss, files

    async def load(self, seconds: float, per_second: float, healed: asyncio.Event) -> None:
        """People write for so long, and until healed; agents correct every fifth a little later."""
        choose = random.Random(7)  # noqa: S311 - the same people each time
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


def _configure(folder: Path) -> None:
    config = Path("triage.toml").read_text("utf-8").replace("[llm]", "[llm]\ntimeout_s = 15", 1)
    (folder / "triage.toml").write_text(config + "\n[pacing]\nfactor = 0\n")


@asynccontextmanager
async def rig(
    folder: Path,
    names: Sequence[str] = ("intake", "worker0"),
    redis_url: str | None = None,
    kind: type[Rig] = Rig,
    **more: Any,
) -> AsyncIterator[Rig]:
    """Sandbox, Valkey with its append-only file, a proxy before each, and processes by name.

    `redis_url` is that of another server; `more` are fields of a rig of `kind`.
    """
    _configure(folder)
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
        made = kind(folder, sandbox, url, to_redis, to_slack, valkey, stack, **more)
        for name in names:
            await made.start(name)
        await eventually(lambda: sandbox.server.sandbox.sockets.connections, 60)
        try:
            yield made
        finally:
            for process in made.processes.values():
                if process.returncode is None:
                    process.kill()
                await process.wait()


Fault = Callable[[Rig], Awaitable[None]]
