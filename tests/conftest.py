"""Fixtures of many tests: a real Valkey, flushed before each use, and a fake training provider."""

from collections import deque
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from storage.server.embedded import EmbeddedValkey
from tests.learning.finetuning_server import FinetuningServer, finetuning_server
from tests.valkeys import Valkey, connect_admin

# For minutes of fuzzing: pytest --hypothesis-profile fuzz -o timeout=0 tests/bot/test_…_fuzz.py
settings.register_profile("tests", deadline=None)  # an example may be slow on a busy machine
settings.load_profile("tests")
settings.register_profile("fuzz", max_examples=20_000)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server.url


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Valkey]:
    async with connect_admin(valkey_url, Path("/nonexistent")) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def provider() -> AsyncIterator[FinetuningServer]:
    """Serve a provider whose job stays queued until a test extends its script."""
    async with finetuning_server() as server:
        server.script = deque(["queued"])
        yield server
