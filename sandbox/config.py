"""The settings of a sandbox."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxConfig:
    """Tokens, addresses and timing of one sandbox; times are in seconds.

    Events go to `event_url` over signed HTTP if it is set, otherwise over Socket Mode.
    `retry_scale` multiplies the waits before retries (0, 60 and 300 s). `ack_seconds` is the limit
    for an acknowledgement. `limit_window` is the length of the minute in which rate limits count.
    """

    url: str = "http://127.0.0.1:8420"
    bot_token: str = "xoxb-sandbox"  # noqa: S105 - valid in this sandbox only
    app_token: str = "xapp-sandbox"  # noqa: S105
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105
    event_url: str | None = None
    ack_seconds: float = 3.0
    retry_scale: float = 1.0
    limit_window: float = 60.0
