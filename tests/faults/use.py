"""What the bot's processes use: memory, connections and other handles, each by what it may be."""

import os
from dataclasses import dataclass
from pathlib import Path

LOOP = 2
"""The sockets of an event loop that is connected to nothing."""

REST = LOOP + 6
"""The sockets of a process that has nothing to do.

Beside its event loop's own, one waits for calls from Redis, one more to Redis is kept open and two
may be asking it at that moment, one is Socket Mode, and one may be asking Slack.
"""


@dataclass(frozen=True)
class Use:
    """Memory in MB, sockets, and other handles of one process."""

    rss_mb: float
    sockets: int
    files: int


@dataclass(frozen=True)
class Bounds:
    """What each process may use at rest: `more_mb` than at first, and so many sockets."""

    more_mb: float
    sockets: int = REST

    def broken(self, name: str, before: Use, after: Use) -> list[str]:
        """Return a sentence for each bound that a process broke, none where it kept them all."""
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
    """Return what a process uses now; handles that close meanwhile are not counted."""
    proc = Path(f"/proc/{pid}")
    rss = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    handles = []
    for one in (proc / "fd").iterdir():
        try:
            handles.append(str(one.readlink()))
        except FileNotFoundError:
            continue
    sockets = sum(one.startswith("socket:") for one in handles)
    return Use(rss, sockets, len(handles) - sockets)
