"""What can be chosen about a sandbox before it starts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxConfig:
    """Tokens, addresses and timing of one sandbox; times are in seconds.

    Events go to `event_url` over signed HTTP where it is set, else over Socket Mode.
    `retry_scale` shortens the waits before retries (at once, 60 s, 300 s), `ack_seconds` is how
    long an acknowledgement may take, `limit_window` is the minute that rate limits count in.
    """

    url: str = "http://127.0.0.1:8420"
    bot_token: str = "xoxb-sandbox"  # noqa: S105 - opens nothing but this sandbox
    app_token: str = "xapp-sandbox"  # noqa: S105
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105
    event_url: str | None = None
    ack_seconds: float = 3.0
    retry_scale: float = 1.0
    limit_window: float = 60.0
