"""`python -m benchmarks.load` measures the bot and a no-op bolt app under load; prints JSON."""

import argparse
import asyncio
import json
import os
import platform
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from redis import Redis

from benchmarks.load import measure, processes
from benchmarks.load.slack import SECRET, HttpSender, Slack
from storage.server.embedded import EmbeddedValkey

Figures = measure.Figures
LIBRARIES = ("slack-bolt", "slack-sdk", "redis", "uvicorn", "websockets", "onnxruntime")


@dataclass(frozen=True)
class Plan:
    """The size of each part; FULL is for published figures."""

    seconds: float
    acks: int
    backlog: int
    idle: int
    memory: int
    examples: int


QUICK = Plan(seconds=5, acks=2_000, backlog=1_000, idle=50, memory=2_000, examples=500)
FULL = Plan(seconds=20, acks=10_000, backlog=5_000, idle=200, memory=100_000, examples=5_000)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Bench:
    """The Slack, the Valkey and the environment of all measured processes."""

    slack: Slack
    valkey: EmbeddedValkey
    plan: Plan
    config: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": "xoxb-load",
            "SLACK_APP_TOKEN": "xapp-load",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": f"http://127.0.0.1:{self.slack.port}/api/",
            "REDIS_URL": self.valkey.url,
            "TRIAGE_CONFIG": str(self.config),
        }

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.valkey.url, decode_responses=True)

    def used_bytes(self) -> int:
        with self.redis as client:
            return int(client.info("memory")["used_memory"])

    def server_pid(self) -> int:
        with self.redis as client:
            return int(client.info("server")["process_id"])

    def fresh(self) -> None:
        """Remove all messages, here and in Valkey."""
        with self.redis as client:
            client.flushall()
        self.slack.messages.clear()
        self.slack.labels = 0

    @asynccontextmanager
    async def noop(self, *, sockets: bool) -> AsyncIterator[tuple[measure.Send, int]]:
        port = free_port()
        arguments = () if sockets else (str(port),)
        async with processes.child(
            self.environment, "-m", "benchmarks.load.noop", *arguments
        ) as process:
            yield await self._sender(port, 1, sockets=sockets), process.pid

    @asynccontextmanager
    async def bot(
        self, *, role: str = "all", workers: int = 0, sockets: bool = False
    ) -> AsyncIterator[tuple[measure.Send, list[int]]]:
        """Run a bot and `workers` more worker processes; yield a sender and the process ids."""
        port = free_port()
        listen = [] if sockets else ["--port", str(port)]
        async with AsyncExitStack() as stack:
            front = await stack.enter_async_context(
                processes.triage(self.environment, "--role", role, *listen)
            )
            others = [
                await stack.enter_async_context(
                    processes.triage(self.environment, "--role", "worker")
                )
                for _ in range(workers)
            ]
            yield (
                await self._sender(port, 1, sockets=sockets),
                [front.pid, *(o.pid for o in others)],
            )

    async def _sender(self, port: int, connections: int, *, sockets: bool) -> measure.Send:
        if not sockets:
            await processes.listening(port)
            return HttpSender(port).send
        async with asyncio.timeout(60):
            while len(self.slack.sockets) < connections:  # noqa: ASYNC110 - a simple poll
                await asyncio.sleep(0.02)
        return self.slack.send_socket


class Cpu:
    """The CPU time of processes per message, which varies less than wall time on a busy machine."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self._before = {name: processes.cpu_s(pid) for name, pid in pids.items()}

    def per(self, messages: int) -> Figures:
        spent = {
            name: processes.cpu_s(pid) - self._before[name] for name, pid in self._pids.items()
        }
        return {name: round(1000 * seconds / messages, 3) for name, seconds in spent.items()}


async def acks(bench: Bench) -> Figures:
    """Measure acks of intake and of the no-op app, over HTTP and over Socket Mode."""
    found: Figures = {}
    for way, sockets in (("http", False), ("socket_mode", True)):
        bench.fresh()
        async with bench.noop(sockets=sockets) as (send, pid):
            await measure.fastest(bench.slack, send, 200)
            cpu = Cpu(noop=pid, generator=os.getpid())
            noop = {"fastest": await measure.fastest(bench.slack, send, bench.plan.acks)}
            noop["cpu_ms_per_message"] = cpu.per(bench.plan.acks)
            noop["at_200"] = await measure.steady(bench.slack, send, 200, bench.plan.seconds)
        bench.fresh()
        async with bench.bot(role="intake", sockets=sockets) as (send, pids):
            await measure.fastest(bench.slack, send, 200)
            cpu = Cpu(intake=pids[0], generator=os.getpid(), valkey=bench.server_pid())
            ours = {"fastest": await measure.fastest(bench.slack, send, bench.plan.acks)}
            ours["cpu_ms_per_message"] = cpu.per(bench.plan.acks)
            ours["at_200"] = await measure.steady(bench.slack, send, 200, bench.plan.seconds)
        share = ours["fastest"]["acks_per_s"] / noop["fastest"]["acks_per_s"]
        found[way] = {"noop": noop, "intake": ours, "share_of_noop": round(share, 3)}
    return found


async def backlog(bench: Bench, raw_per_s: float) -> Figures:
    """Send messages as fast as they are acknowledged; measure until the last has its label."""
    found: Figures = {}
    shapes = {"all": ("all", 0), "1 worker": ("intake", 1), "2 workers": ("intake", 2)}
    shapes["4 workers"] = ("intake", 4)
    for name, (role, workers) in shapes.items():
        bench.fresh()
        async with bench.bot(role=role, workers=workers) as (send, pids):
            await measure.fastest(bench.slack, send, 100)
            await measure.labelled(bench.slack, 100, 120)
            bench.slack.messages.clear()
            bench.slack.labels = 0
            cpu = Cpu(
                front=pids[0],
                generator=os.getpid(),
                valkey=bench.server_pid(),
                **{f"worker_{number}": pid for number, pid in enumerate(pids[1:])},
            )
            started = asyncio.get_running_loop().time()
            ack = await measure.fastest(bench.slack, send, bench.plan.backlog)
            await measure.labelled(bench.slack, bench.plan.backlog, 1800)
            took = asyncio.get_running_loop().time() - started
            per_s = bench.plan.backlog / took
            found[name] = {
                "messages": bench.plan.backlog,
                "messages_per_s": round(per_s, 1),
                "share_of_raw": round(per_s / raw_per_s, 3),
                "acks_while_working": ack,
                "to_label": measure.label_times(bench.slack),
                "cpu_ms_per_message": cpu.per(bench.plan.backlog),
                "rss_mb": [round(processes.rss_mb(pid), 1) for pid in pids],
            }
    return found


async def paced(bench: Bench, raw_per_s: float) -> Figures:
    """Measure one process at a quarter of the classifier's rate, and at 200 messages per second."""
    found: Figures = {}
    for per_s in (round(raw_per_s / 4), 200):
        bench.fresh()
        async with bench.bot() as (send, _):
            await measure.fastest(bench.slack, send, 50)
            await measure.labelled(bench.slack, 50, 120)
            bench.slack.messages.clear()
            bench.slack.labels = 0
            figures = await measure.steady(bench.slack, send, per_s, bench.plan.seconds)
            await measure.labelled(bench.slack, figures["sent"] - figures["refused"], 1800)
            found[f"{per_s}_per_s"] = figures | {"to_label": measure.label_times(bench.slack)}
    return found


async def idle(bench: Bench) -> Figures:
    """Measure one message at a time on an idle bot, over HTTP and over Socket Mode."""
    found: Figures = {}
    for way, sockets in (("http", False), ("socket_mode", True)):
        bench.fresh()
        async with bench.bot(sockets=sockets) as (send, _):
            await measure.one_by_one(bench.slack, send, 5)
            found[way] = await measure.one_by_one(bench.slack, send, bench.plan.idle)
    return found


async def memory(bench: Bench) -> Figures:
    """Sample the bot's resident memory and Valkey's memory ten times during many messages."""
    bench.fresh()
    samples: list[Figures] = []
    step = bench.plan.memory // 10
    async with bench.bot() as (send, [pid]):
        start = bench.used_bytes()
        for round_ in range(11):
            if round_:
                await measure.fastest(bench.slack, send, step)
                await measure.labelled(bench.slack, step * round_, 3600)
            bench.slack.messages.clear()
            samples.append({"messages": step * round_, "rss_mb": round(processes.rss_mb(pid), 1)})
        used = bench.used_bytes() - start
    first = samples[2]["rss_mb"]  # by then, all memory that a message needs is in use
    return {
        "rss": samples,
        "growth_mb_after_a_fifth": round(samples[-1]["rss_mb"] - first, 1),
        "redis_bytes_per_message": round(used / bench.plan.memory),
    }


async def examples(bench: Bench) -> Figures:
    """Import examples, and measure Valkey's memory per example."""
    bench.fresh()
    from benchmarks.load.texts import text

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "examples.jsonl"
        labels = ("BILLING", "TECHNICAL", "ACCOUNT", "OTHER")
        rows = [
            json.dumps({"text": text(number), "label": labels[number % 24 // 6]})
            for number in range(bench.plan.examples)
        ]
        file.write_text("\n".join(rows))
        with bench.redis as client:
            client.sadd("triage:workspaces", "TSANDBOX1")
        before = bench.used_bytes()
        code = "from bot.cli.main import main; main()"
        async with processes.child(bench.environment, "-c", code, "import", str(file)) as importing:
            await importing.wait()
    used = bench.used_bytes() - before
    return {"redis_bytes_per_example": round(used / bench.plan.examples)}


async def raw(bench: Bench) -> Figures:
    """Measure the classifier alone."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.load.raw", str(max(1000, bench.plan.backlog)), "64",
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "TRIAGE_CONFIG": str(bench.config)},
    )  # fmt: skip
    out, _ = await process.communicate()
    return dict(json.loads(out))


PARTS = ("acks", "backlog", "paced", "idle", "memory", "examples")


def _unpaced(folder: Path, config: Path) -> Path:
    """Write triage.toml without pacing, whose 50 labels a minute would limit every figure."""
    path = folder / "triage.toml"
    path.write_text(config.read_text() + "\n[pacing]\nfactor = 0\n")
    return path


async def run(plan: Plan, parts: list[str], config: Path) -> Figures:
    found: Figures = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "load_average_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "plan": vars(plan),
    }
    slack = Slack()
    with (
        tempfile.TemporaryDirectory(prefix="triage-load-") as folder,
        EmbeddedValkey(Path(folder)) as valkey,
    ):
        bench = Bench(slack, valkey, plan, _unpaced(Path(folder), config))
        with bench.redis as client:
            found["valkey"] = client.info("server").get("valkey_version")

        async def ready() -> None:
            found["raw"] = await raw(bench)
            per_s = found["raw"]["texts_per_s"]
            steps = {
                "acks": lambda: acks(bench),
                "backlog": lambda: backlog(bench, per_s),
                "paced": lambda: paced(bench, per_s),
                "idle": lambda: idle(bench),
                "memory": lambda: memory(bench),
                "examples": lambda: examples(bench),
            }
            for name in parts:
                found[name] = await steps[name]()
                print(name, json.dumps(found[name]), file=sys.stderr)

        await slack.run(ready)
    found["load_average_after"] = os.getloadavg()[0]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("--full", action="store_true", help="100,000 messages for memory")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path, default=Path(".benchmarks/load.json"))
    parser.add_argument("--config", type=Path, default=Path("triage.toml"))
    options = parser.parse_args()
    found = asyncio.run(
        run(FULL if options.full else QUICK, options.parts, options.config.absolute())
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


main()
