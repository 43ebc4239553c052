"""The parts of one sandbox, and how they hang together."""

from support_triage.sandbox import partner
from support_triage.sandbox.config import SandboxConfig
from support_triage.sandbox.delivery import Delivery
from support_triage.sandbox.faults import Faults
from support_triage.sandbox.interactions import Interactions
from support_triage.sandbox.limits import RateLimits
from support_triage.sandbox.signed_http import SignedHttp
from support_triage.sandbox.socket_mode import SocketMode
from support_triage.sandbox.state import Workspace
from support_triage.sandbox.stream import Stream
from support_triage.sandbox.wire import Json


class Sandbox:
    """One workspace with its one app: state, ways to the app, limits, faults and the call log."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.workspace = Workspace()
        self.sockets = SocketMode(config.ack_seconds, self._connections_changed)
        transport = SignedHttp(config) if config.event_url else self.sockets
        self.delivery = Delivery(transport, config.retry_scale, self._outer)
        self.interactions = Interactions(self.workspace, self.delivery, config.url)
        self.limits = RateLimits(config.limit_window)
        self.faults = Faults()
        self.stream = Stream()
        self.calls: list[Json] = []
        self.workspace.on_event.append(self.delivery.event)
        self.workspace.on_change.append(self.stream.publish)

    @property
    def connected(self) -> bool:
        """Whether there is a way to the app."""
        return bool(self.config.event_url or self.sockets.connections)

    async def close(self) -> None:
        """End retries, connections and streams."""
        self.stream.close()
        await self.delivery.close()
        await self.sockets.close()

    def _outer(self, channel: str) -> Json:
        return partner.outer(self.workspace.channels.get(channel, {}))

    def _connections_changed(self) -> None:
        self.workspace.changed("connected", connected=self.connected)
