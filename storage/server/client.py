"""Clients of Redis that raise the storage's errors, from commands and from pipelines."""

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterPipeline

from storage.errors import FAILURES, translate
from storage.server.pool import ShrinkingCluster


def _raise(error: Exception) -> None:
    """Raise the storage's error for an error of redis-py; return if the error is a bug."""
    translated = translate(error)
    if translated is not None:
        raise translated from error


class ServerClient(Redis):
    """A client of one server, or of the master that Sentinels name."""

    async def execute_command(self, *given: Any, **named: Any) -> Any:
        """Execute a command; raise StorageError if the server does not answer or refuses."""
        try:
            return await super().execute_command(*given, **named)  # type: ignore[no-untyped-call]
        except FAILURES as error:
            _raise(error)
            raise

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002 - redis-py's
        """Return a pipeline that raises the same errors."""
        return _ServerPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )


class _ServerPipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 - redis-py's
        try:
            return await super().execute(raise_on_error)
        except FAILURES as error:
            _raise(error)
            raise


class ClusterClient(ShrinkingCluster):
    """A client of a cluster."""

    async def execute_command(self, *given: Any, **named: Any) -> Any:
        """Execute a command; raise StorageError if its node does not answer or refuses."""
        try:
            return await super().execute_command(*given, **named)
        except FAILURES as error:
            _raise(error)
            raise

    def pipeline(
        self, transaction: Any | None = None, shard_hint: Any | None = None
    ) -> ClusterPipeline:
        """Return a pipeline that raises the same errors; `shard_hint` must be None."""
        assert shard_hint is None
        return _ClusterPipeline(self, transaction)  # type: ignore[abstract]


class _ClusterPipeline(ClusterPipeline):
    async def initialize(self) -> ClusterPipeline:
        try:
            return await super().initialize()
        except FAILURES as error:
            _raise(error)
            raise

    async def execute(
        self,
        raise_on_error: bool = True,  # noqa: FBT001, FBT002 - redis-py's
        allow_redirections: bool = True,  # noqa: FBT001, FBT002
    ) -> list[Any]:
        try:
            return await super().execute(raise_on_error, allow_redirections)
        except FAILURES as error:
            _raise(error)
            raise
