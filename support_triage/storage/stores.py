"""All that is remembered of one workspace, store by store, on one connection."""

from support_triage.storage import keys
from support_triage.storage.commands import Commands
from support_triage.storage.connection import Client
from support_triage.storage.dead import DeadLetters
from support_triage.storage.examples import Examples
from support_triage.storage.forgets import Forgets
from support_triage.storage.forgetting import Forgetting
from support_triage.storage.inbox import Inbox
from support_triage.storage.jobs import Jobs
from support_triage.storage.members import Members
from support_triage.storage.models import Models
from support_triage.storage.records import Records
from support_triage.storage.series import Series
from support_triage.storage.shadows import Shadows
from support_triage.storage.snapshots import Snapshots
from support_triage.storage.spending import Spending
from support_triage.storage.watermarks import Watermarks
from support_triage.storage.workspaces import Workspaces


class Stores:
    """The stores of one workspace.

    `keep_s` is for how many seconds messages and what was said of them are kept. `inbox` and
    `examples` take the place of plain ones, such as those that record metrics.
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
