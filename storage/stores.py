"""All stores of one workspace, on one connection."""

from storage import keys
from storage.examples.examples import Examples
from storage.examples.snapshots import Snapshots
from storage.forget.forgets import Forgets
from storage.forget.forgetting import Forgetting
from storage.inbox.commands import Commands
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.inbox import Inbox
from storage.inbox.watermarks import Watermarks
from storage.jobs import Jobs
from storage.models import Models
from storage.records import Records
from storage.series import Series
from storage.server.protocol import Client
from storage.shadows import Shadows
from storage.spending import Spending
from storage.workspace.members import Members
from storage.workspace.workspaces import Workspaces


class Stores:
    """The stores of one workspace.

    `keep_s` is the retention of messages, predictions, reactions and cards, in seconds. `inbox` and
    `examples` replace the plain stores, for example with stores that record metrics.
    """

    def __init__(
        self,
        redis: Client,
        team: str,
        keep_s: int = keys.RETENTION_S,
        inbox: Inbox | None = None,
        examples: Examples | None = None,
    ) -> None:
        self.redis = redis
        self.team = team
        self.inbox = inbox or Inbox(redis)
        self.examples = examples or Examples(redis, keep_s)
        self.records = Records(redis, keep_s)
        self.workspaces = Workspaces(redis)
        self.members = Members(redis, team)
        self.models = Models(redis)
        self.jobs = Jobs(redis)
        self.snapshots = Snapshots(redis)
        self.series = Series(redis, team)
        self.shadows = Shadows(redis, team, keep_s)
        self.spending = Spending(redis, team)
        self.commands = Commands(redis, team)
        self.watermarks = Watermarks(redis, team)
        self.dead_letters = DeadLetters(redis)
        self.forgetting = Forgetting(redis, keep_s)
        self.forgets = Forgets(redis, team)
