"""The resource use of processes: memory, sockets and other handles, and bounds on it."""

import os
from dataclasses import dataclass
from pathlib import Path

LOOP = 2
"""The sockets of an event loop without connections."""

REST = LOOP + 6
"""The sockets of an idle process.

Besides its event loop's, one waits for wake-ups from Redis, one to Redis stays open, two may be
sending commands to Redis, one is Socket Mode, and one may be calling Slack.
"""


@dataclass(frozen=True)
class Use:
    """Memory in MB, sockets, and other handles of one process."""

    rss_mb: float
    sockets: int
    files: int


@dataclass(frozen=True)
class Bounds:
    """Bounds on an idle process: growth of `more_mb` MB, and a number of sockets."""

    more_mb: float
    sockets: int = REST

    def broken(self, name: str, before: Use, after: Use) -> list[str]:
        """Return a problem for each bound that a process broke."""
        mb = before.rss_mb + self.more_mb
        found = []
        if after.rss_mb > mb:
            grown = f"{before.rss_mb:.0f} → {after.rss_mb:.0f} MB, at most {mb:.0f} allowed"
            found.append(f"memory of {name}: {grown}")
        if after.sockets > self.sockets:
            found.append(f"sockets of {name}: {after.sockets}, at most {self.sockets} allowed")
        if after.files > before.files:
            found.append(f"files open in {name}: {before.files} → {after.files}, no more allowed")
        return found


def use_of(pid: int) -> Use:
    """Return the current use of a process; ignore handles that close meanwhile."""
    proc = Path(f"/proc/{pid}")
    rss = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    handles = []
    for handle in (proc / "fd").iterdir():
        try:
            handles.append(str(handle.readlink()))
        except FileNotFoundError:
            continue
    sockets = sum(handle.startswith("socket:") for handle in handles)
    return Use(rss, sockets, len(handles) - sockets)
