"""The connection to Redis or Valkey: the servers of REDIS_URL, or the embedded server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from redis.asyncio import Redis, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import BlockingConnectionPool, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.driver_info import DriverInfo

from storage.server.address import Cluster, Login, Sentinels, Single, parse
from storage.server.client import ClusterClient, ServerClient
from storage.server.embedded import EmbeddedValkey
from storage.server.pool import ShrinkingPool, ShrinkingSentinelPool
from storage.server.protocol import Client

_OPTIONS: Final[dict[str, Any]] = {
    "decode_responses": True,
    "protocol": 2,
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    # Enough for a restarted server; for longer outages, callers retry.
    "retry": Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.2), 3),
    # Made once: redis-py would read the metadata of its package for each connection, in 2 ms.
    "driver_info": DriverInfo(),
}


def _given(login: Login, *, tls: bool) -> dict[str, Any]:
    given = {"username": login.username, "password": login.password, "ssl": tls or None}
    return {name: value for name, value in given.items() if value is not None}


def _sentinel(address: Sentinels) -> tuple[Sentinel, ServerClient]:
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        [], **_OPTIONS | _given(address.login, tls=address.tls)
    )
    sentinel.sentinels = [_asked(host, port, address) for host, port in address.hosts]
    master = sentinel.master_for(
        address.service,
        redis_class=ServerClient,
        db=address.db,
        connection_pool_class=ShrinkingSentinelPool,
    )
    return sentinel, master


def _asked(host: str, port: int, address: Sentinels) -> Redis:
    """Return a client of one Sentinel, with one connection for all concurrent look-ups."""
    pool = BlockingConnectionPool(
        host=host,
        port=port,
        max_connections=1,
        timeout=_OPTIONS["socket_connect_timeout"],
        connection_class=SSLConnection if address.tls else Connection,
        **_OPTIONS | _given(address.own, tls=False),
    )
    return Redis.from_pool(pool)


def _cluster(address: Cluster) -> ClusterClient:
    return ClusterClient(
        startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
        require_full_coverage=False,  # a lost master affects only the workspaces in its slots
        **_OPTIONS | _given(address.login, tls=address.tls),
    )


@asynccontextmanager
async def connect(url: str | None, data_dir: Path) -> AsyncIterator[Client]:
    """Yield a client that returns `str`; `url` None means the embedded server in `data_dir`."""
    async with AsyncExitStack() as stack:
        if url is None:
            url = stack.enter_context(EmbeddedValkey(data_dir)).url
        client: Redis | ClusterClient
        match parse(url):
            case Single(url=single):
                client = ServerClient.from_pool(ShrinkingPool.from_url(single, **_OPTIONS))
            case Sentinels() as watched:
                sentinel, client = _sentinel(watched)
                for watcher in sentinel.sentinels:
                    stack.push_async_callback(watcher.aclose)
            case Cluster() as cluster:
                client = _cluster(cluster)
        stack.push_async_callback(client.aclose)
        yield cast("Client", client)  # redis-py annotates answers as `bytes | str`
