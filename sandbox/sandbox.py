"""The composition of a sandbox."""

from sandbox.config import SandboxConfig
from sandbox.delivery.delivery import Delivery
from sandbox.delivery.interactions import Interactions
from sandbox.delivery.signed_http import SignedHttp
from sandbox.delivery.socket_mode import SocketMode
from sandbox.faults import Faults
from sandbox.limits import RateLimits
from sandbox.stream import Stream
from sandbox.wire import Json
from sandbox.workspace import partner
from sandbox.workspace.state import Workspace


class Sandbox:
    """A workspace with one app: state, delivery, limits, faults and the log of calls."""

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
        """Return True if events can reach the app."""
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
