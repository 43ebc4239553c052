"""The bot as shipped in one process, with its port for health and metrics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.faults.rig import ALL_EMOJI, SHIPPED_MORE_MB, TRIAGE, Rig, open_rig
from tests.faults.use import REST
from tests.stories.test_process_story import free_port

LISTENING = 1  # the port for health and metrics


@dataclass
class ShippedRig(Rig):
    """A rig with the port that answers `/healthz`."""

    port: int = 0

    async def health(self) -> str:
        """Return the answer of `/healthz`, or "" after two seconds."""
        try:
            async with httpx2.AsyncClient(timeout=2) as client:
                return (await client.get(f"http://127.0.0.1:{self.port}/healthz")).text
        except httpx2.TransportError:
            return ""


@asynccontextmanager
async def shipped_rig(folder: Path) -> AsyncIterator[Rig]:
    """Open a rig of one `triage run` with all roles, using the rig's Valkey."""
    port = free_port()
    async with open_rig(
        folder,
        ("all",),
        kind=ShippedRig,
        command=TRIAGE,
        environment={"TRIAGE_METRICS_PORT": str(port)},
        emoji_shown=ALL_EMOJI,
        more_mb=SHIPPED_MORE_MB,
        sockets=REST + LISTENING,
        port=port,
    ) as rig:
        yield rig
