"""`python -P -m sandbox` serves a sandbox until SIGTERM or SIGINT."""

import argparse
import asyncio
import json
import signal
import sys
import threading

from sandbox.config import SandboxConfig
from sandbox.serving import SandboxServer


def main() -> None:
    """Listen, print `{"url": …}` on one line, then serve."""
    options = {name: value for name, value in vars(_options()).items() if value is not None}
    lifeline, host, port = (options.pop(name) for name in ("stdin_lifeline", "host", "port"))
    server = SandboxServer(SandboxConfig(**options), host, port)
    if lifeline:
        threading.Thread(target=_exit_with_parent, args=(server,), daemon=True).start()
    sys.stdout.write(json.dumps({"url": server.url}) + "\n")
    sys.stdout.flush()
    asyncio.run(_serve(server))


async def _serve(server: SandboxServer) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop, server)
    await server.run_until_stopped()


def _stop(server: SandboxServer) -> None:
    server.should_exit = True


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -P -m sandbox")
    parser.add_argument("--host", default="127.0.0.1", choices=("127.0.0.1", "localhost"))
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free port")
    parser.add_argument("--event-url", help="send events to this URL instead of Socket Mode")
    parser.add_argument("--signing-secret")
    parser.add_argument("--bot-token")
    parser.add_argument("--app-token")
    parser.add_argument("--retry-scale", type=float, help="factor on the waits between retries")
    parser.add_argument("--stdin-lifeline", action="store_true", help="exit when stdin closes")
    return parser.parse_args()


def _exit_with_parent(server: SandboxServer) -> None:
    while sys.stdin.readline():
        pass
    _stop(server)


if __name__ == "__main__":
    main()
