"""One real Valkey for the whole run, flushed before each test that uses it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support_triage.storage.connection import Client, connect
from support_triage.storage.embedded import EmbeddedValkey


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server.url


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Client]:
    async with connect(valkey_url, Path("/nonexistent")) as client:
        await client.flushall()
        yield client
