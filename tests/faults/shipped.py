"""The bot as shipped in one process, with the port of its health and figures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.faults.rig import ALL_EMOJI, SHIPPED_MORE_MB, TRIAGE, Rig, rig
from tests.faults.use import REST
from tests.stories.test_process_story import free_port

LISTENING = 1  # the port of the health


@dataclass
class ShippedRig(Rig):
    """With the port that answers `/healthz`."""

    port: int = 0

    async def health(self) -> str:
        """Return what `/healthz` says; "" if it does not within two seconds."""
        try:
            async with httpx2.AsyncClient(timeout=2) as client:
                return (await client.get(f"http://127.0.0.1:{self.port}/healthz")).text
        except httpx2.TransportError:
            return ""


@asynccontextmanager
async def shipped_rig(folder: Path) -> AsyncIterator[Rig]:
    """One `triage run` of all roles beside the Valkey of the rig."""
    port = free_port()
    async with rig(
        folder,
        ("all",),
        kind=ShippedRig,
        command=TRIAGE,
        environment={"TRIAGE_METRICS_PORT": str(port)},
        emoji_shown=ALL_EMOJI,
        more_mb=SHIPPED_MORE_MB,
        sockets=REST + LISTENING,
        port=port,
    ) as made:
        yield made
