"""The workspace in memory, and the listeners for its changes."""

import time
from collections.abc import Callable
from itertools import count

from sandbox.wire import Json, SlackError
from sandbox.workspace import partner, seed
from sandbox.workspace.emoji import base_name, first_names, standard_emoji


class Workspace:
    """Users, channels, messages, files and views of one team, and strangers in its channels.

    `on_event` listeners get the Slack events for the app, `on_change` listeners the changes for
    pages. Messages are in Slack's JSON form, by channel and then by ts, oldest first.
    """

    def __init__(self) -> None:
        self.team_id = seed.TEAM_ID
        self.users = seed.users() | partner.people()
        self.channels = seed.channels(int(time.time())) | partner.channels(int(time.time()))
        self.usergroups = seed.usergroups()
        self.messages: dict[str, dict[str, Json]] = {cid: {} for cid in self.channels}
        self.ephemerals: list[Json] = []
        self.files: dict[str, Json] = {}
        self.completed: set[str] = set()
        self.contents: dict[str, bytes] = {}
        self.views: dict[str, Json] = {}
        self.custom_emoji: dict[str, str] = {}
        self.on_event: list[Callable[[Json], object]] = []
        self.on_change: list[Callable[[Json], None]] = []
        self._last_ts = 0
        self._ids = count(1)

    def next_ts(self) -> str:
        """Return a new message ts, later than all before it."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """Return a new id such as `F00000007`."""
        return f"{prefix}{next(self._ids):08d}"

    def emit(self, event: Json) -> None:
        """Send an event to the app, if the bot is in the event's channel."""
        place = event.get("channel") or event.get("item", {}).get("channel")
        members = self.channels.get(str(place), {}).get("members", [])
        if place and seed.BOT_USER not in members:
            return
        for listener in self.on_event:
            listener(event)

    def changed(self, kind: str, **details: object) -> None:
        """Send a change to the pages."""
        for listener in self.on_change:
            listener({"kind": kind, **details})

    def channel(self, ref: str, *, by_name: bool = False) -> Json:
        """Return a channel by id, or by name with `by_name`; raise `channel_not_found`."""
        if ref in self.channels:
            return self.channels[ref]
        name = ref.removeprefix("#")
        found = [c for c in self.channels.values() if by_name and c.get("name") == name]
        if not found:
            raise SlackError("channel_not_found")
        return found[0]

    def user(self, uid: str) -> Json:
        """Return a user by id; raise `user_not_found`."""
        if uid not in self.users:
            raise SlackError("user_not_found")
        return self.users[uid]

    def message(self, channel: str, ts: str, missing: str = "message_not_found") -> Json:
        """Return the message with this ts in a channel; raise the error named by `missing`."""
        found = self.messages[self.channel(channel)["id"]].get(ts)
        if found is None:
            raise SlackError(missing)
        return found

    def emoji(self, name: str) -> str:
        """Return a reaction's name as Slack stores it; raise `invalid_name`."""
        bare = base_name(name)
        if bare not in standard_emoji() and bare not in self.custom_emoji:
            raise SlackError("invalid_name")
        _, sign, tone = name.strip(":").partition("::")
        return f"{first_names().get(bare, bare)}{sign}{tone}"

    def direct(self, uid: str) -> Json:
        """Return the direct conversation of the bot and a user; open it if necessary."""
        self.user(uid)
        cid = f"D{uid[1:]}"
        if cid not in self.channels:
            self.channels[cid] = {
                "id": cid,
                "is_im": True,
                "is_channel": False,
                "is_private": True,
                "user": uid,
                "created": int(time.time()),
                "members": [uid, seed.BOT_USER],
            }
            self.messages[cid] = {}
            self.changed("channel", channel=self.channels[cid])
        return self.channels[cid]
