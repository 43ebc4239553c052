"""Every key in Redis: its name, type, what it holds, and its life.

All keys of a workspace carry its id as hash tag, so that a cluster keeps them in one slot.
"""

RETENTION_S = 90 * 24 * 3600
"""How long a message and what was done with it are kept, unless `[keep]` says otherwise."""

KNOWN_S = 30 * 24 * 3600
"""How long a quiet channel's messages of its last hour are known, to see which were deleted."""

DEDUPE_S = 3 * 24 * 3600
"""How long a message's identity is remembered after receipt.

Slack tries again for six minutes, and with Delayed Events hourly for up to 24 hours.
"""


def workspaces() -> str:
    """Set of workspace ids seen. Permanent: one entry a workspace."""
    return "triage:workspaces"


def adoption() -> str:
    """String: the workspace that is taking over what the command line stored. Lives a minute."""
    return "triage:adoption"


def calls() -> str:
    """Sorted set of workspaces that wait for a worker, by time. Lives as long as any does."""
    return "triage:{calls}:calls"


def inbox(team: str) -> str:
    """Hash of entry id to event as JSON. An entry lives until it is answered or given up on."""
    return f"triage:{{{team}}}:inbox:events"


def waiting(team: str, channel: str) -> str:
    """List of a channel's entry ids to hand out, oldest first. Lives while there are any."""
    return f"triage:{{{team}}}:inbox:waiting:{channel}"


def turns(team: str) -> str:
    """List of the channels that wait, the next one first. Lives while there are any."""
    return f"triage:{{{team}}}:inbox:turns"


def taken(team: str) -> str:
    """Sorted set of entry ids in workers' hands, by the end of the lease. Lives with them."""
    return f"triage:{{{team}}}:inbox:taken"


def later(team: str) -> str:
    """Sorted set of postponed entry ids, by when they are due again. Lives with them."""
    return f"triage:{{{team}}}:inbox:later"


def suspects(team: str) -> str:
    """Sorted set of ids of entries that failed before, by when they are due. Lives with them."""
    return f"triage:{{{team}}}:inbox:suspects"


def handed(team: str) -> str:
    """Hash of entry id to how often it was handed out. A field lives as long as its entry."""
    return f"triage:{{{team}}}:inbox:handed"


def strikes(team: str) -> str:
    """Hash of entry id to its failures and its workers' deaths. A field lives with its entry."""
    return f"triage:{{{team}}}:inbox:strikes"


def dead(team: str) -> str:
    """Stream of events given up on, with the reason. An entry lives `[keep] days`."""
    return f"triage:{{{team}}}:inbox:dead"


def dead_outlived(team: str) -> str:
    """String: how many dead letters were dropped for their age. Permanent, a number."""
    return f"triage:{{{team}}}:inbox:dead-outlived"


def newest(team: str) -> str:
    """Hash of channel to its newest message's ts, which 0.1 wrote. Permanent, read at an update."""
    return f"triage:{{{team}}}:inbox:newest"


def listening(team: str) -> str:
    """String: some process takes this workspace's events in. Lives a minute, renewed."""
    return f"triage:{{{team}}}:inbox:listening"


def watermarks(team: str) -> str:
    """Hash of channel to the ts up to which all is known, "" to the last backfill. Permanent."""
    return f"triage:{{{team}}}:inbox:watermarks"


def known(team: str, channel: str) -> str:
    """Sorted set of a channel's messages received of late, by ts. Lives KNOWN_S, trimmed."""
    return f"triage:{{{team}}}:inbox:known:{channel}"


def server(team: str) -> str:
    """Hash: which server keeps this workspace, and since when (ms). Permanent, two fields."""
    return f"triage:{{{team}}}:inbox:server"


def backfilling(team: str) -> str:
    """String: which process looks for what was missed. Lives seconds, renewed meanwhile."""
    return f"triage:{{{team}}}:inbox:backfilling"


def seen(team: str, channel: str, ts: str) -> str:
    """String: this message was received already. Lives DEDUPE_S."""
    return f"triage:{{{team}}}:seen:{channel}:{ts}"


def pace(team: str, name: str) -> str:
    """String: when the next call of this kind is due at an even pace. Lives minutes after it."""
    return f"triage:{{{team}}}:pace:{name}"


def prefix(team: str) -> str:
    """Prefix of every key of one workspace; each of them lives as its own entry says."""
    return f"triage:{{{team}}}:"


def record(team: str, channel: str, ts: str) -> str:
    """JSON string: a message, its prediction and what was shown. Lives `[keep] days`."""
    return f"triage:{{{team}}}:message:{channel}:{ts}"


def lock(team: str, channel: str, ts: str) -> str:
    """String: who works on this message. Lives seconds."""
    return f"triage:{{{team}}}:lock:{channel}:{ts}"


def late(team: str) -> str:
    """Sorted set of messages whose card may land late, by when to look. An entry lives minutes."""
    return f"triage:{{{team}}}:late"


def reactions(team: str, channel: str, ts: str) -> str:
    """Sorted set of agents' reactions on a message or card, by time. Lives `[keep] days`."""
    return f"triage:{{{team}}}:reactions:{channel}:{ts}"


def card(team: str, channel: str, ts: str) -> str:
    """String: the message (channel:ts) that this card is about. Lives `[keep] days`."""
    return f"triage:{{{team}}}:card:{channel}:{ts}"


def examples(team: str) -> str:
    """Hash of message id to standing example as JSON. Permanent: what the team has taught."""
    return f"triage:{{{team}}}:examples"


def order(team: str) -> str:
    """Sorted set of example ids in the order they came to stand. Permanent, as `examples`."""
    return f"triage:{{{team}}}:order"


def aside(team: str) -> str:
    """Hash of message id to an example of a removed label. Permanent: it can come back."""
    return f"triage:{{{team}}}:aside"


def quoted(team: str, example: str) -> str:
    """Set of messages (channel:ts) whose cards quote this example. Lives `[keep] days`."""
    return f"triage:{{{team}}}:quoted:{example}"


def forgotten(team: str) -> str:
    """Hash of who was forgotten to when: older messages of theirs are refused. Permanent.

    The field "" counts what was forgotten, so that a snapshot that began before is refused.
    """
    return f"triage:{{{team}}}:forgotten"


def forgetting(team: str) -> str:
    """Hash of the people who are being forgotten to when that was asked. Lives until it is done."""
    return f"triage:{{{team}}}:forgetting"


def forget(team: str, user: str) -> str:
    """Hash: who asked to forget a person, and how far it is. Lives 30 days after its end."""
    return f"triage:{{{team}}}:forget:{user}"


def forget_ids(team: str, user: str) -> str:
    """Set of ids of a person's messages whose traces are being removed. Lives until that is done.

    What is found by these ids can be removed by another process, when the messages are gone.
    """
    return f"triage:{{{team}}}:forget-ids:{user}"


def label_moves(team: str) -> str:
    """Hash of a label that was renamed or merged to its present name. Permanent, a few fields."""
    return f"triage:{{{team}}}:label-moves"


def counts(team: str) -> str:
    """Hash of label to number of standing examples. Permanent, moves with `examples`."""
    return f"triage:{{{team}}}:counts"


def history(team: str) -> str:
    """Hash of message id to its corrections as JSON. Permanent: who said what, when."""
    return f"triage:{{{team}}}:history"


def changes(team: str) -> str:
    """Stream of example ids that changed, about the last 10,000. Permanent, trimmed."""
    return f"triage:{{{team}}}:changes"


def snapshot(team: str, identity: str) -> str:
    """Hash of a snapshot: `about` and its rows in chunks. Permanent: what models were made of."""
    return f"triage:{{{team}}}:snapshot:{identity}"


def snapshots(team: str) -> str:
    """Sorted set of snapshot ids by when they were taken. Permanent, one entry a snapshot."""
    return f"triage:{{{team}}}:snapshots"


def tally(team: str) -> str:
    """Hash of counters: predictions by outcome. Permanent, a handful of fields."""
    return f"triage:{{{team}}}:tally"


def standing(team: str) -> str:
    """String: how far the local model meets the target precision. Permanent, a sentence."""
    return f"triage:{{{team}}}:standing"


def audit(team: str) -> str:
    """Stream of admins' acts: who, when, what. Permanent, about the last 10,000."""
    return f"triage:{{{team}}}:audit"


def command(team: str, trigger: str) -> str:
    """Hash of a command: how often it was begun and told, its answer and uploads. Lives a day."""
    return f"triage:{{{team}}}:command:{trigger}"


def members(team: str) -> str:
    """Hash of a user group in triage.toml to its members as JSON. Lives a week after a look-up."""
    return f"triage:{{{team}}}:members"


def asking(team: str, group: str) -> str:
    """String: when a user group was looked up last, in ms. Lives 30 s: the next may come then."""
    return f"triage:{{{team}}}:asking:{group}"


def problems(team: str) -> str:
    """Hash of what Slack refused, of which message, to what to do about it and when it was noted.

    A field lives a week, or until the same succeeds; 500 at most, the newest. Lives with them.
    """
    return f"triage:{{{team}}}:problems"


def models(team: str) -> str:
    """Hash of model id to what is known of it as JSON. Permanent: a promotion names it."""
    return f"triage:{{{team}}}:models"


def model_files(team: str) -> str:
    """Hash of model id to its file in base64. Permanent, moves with `models`."""
    return f"triage:{{{team}}}:model-files"


def champion(team: str) -> str:
    """String: id of the model in use; absent or "" is the one that settings make. Permanent."""
    return f"triage:{{{team}}}:champion"


def former_champions(team: str) -> str:
    """List of earlier champions, newest last: what a rollback goes back to. Permanent."""
    return f"triage:{{{team}}}:champions"


def promotions(team: str) -> str:
    """List of promotions and rollbacks as JSON: who, when, why, figures. Permanent."""
    return f"triage:{{{team}}}:promotions"


def jobs(team: str) -> str:
    """Hash of job id to training job as JSON. Permanent: a handful a year, and what they cost."""
    return f"triage:{{{team}}}:jobs"


def cancelled_jobs(team: str) -> str:
    """Set of ids of jobs that an admin wants ended. Permanent, a subset of `jobs`."""
    return f"triage:{{{team}}}:cancelled_jobs"


def job_lease(team: str, job: str) -> str:
    """String: which process steps this job. Lives seconds."""
    return f"triage:{{{team}}}:job_lease:{job}"


def job_reports(team: str) -> str:
    """Hash of job id to the Slack message that tells of it, as JSON. Permanent, as `jobs`."""
    return f"triage:{{{team}}}:job_reports"


def llm_usage(team: str, day: str) -> str:
    """Hash of a UTC day's LLM requests, tokens and US dollars. Lives RETENTION_S.

    `held:…` fields are requests under way, at the most they may cost.
    """
    return f"triage:{{{team}}}:llm:{day}"


def llm_outage(team: str) -> str:
    """String: why the LLM is not asked now. Lives minutes, a process that fails renews it."""
    return f"triage:{{{team}}}:llm:outage"


def series(team: str, name: str) -> str:
    """List of the newest values that are watched for drift, 1,200 at most. Permanent, trimmed."""
    return f"triage:{{{team}}}:series:{name}"


def series_progress(team: str, name: str) -> str:
    """Hash: how many values a series had, how many were looked at. Permanent, three fields."""
    return f"triage:{{{team}}}:series-progress:{name}"


def series_claim(team: str, name: str) -> str:
    """String: somebody looks at this series. Lives two minutes."""
    return f"triage:{{{team}}}:series-claim:{name}"


def alarms(team: str) -> str:
    """Hash of what has drifted to since when and how. Lives 30 days after the last one."""
    return f"triage:{{{team}}}:alarms"


def shadow(team: str, model: str) -> str:
    """Hash of message id to a challenger's answer. Lives `[keep] days` after the last one."""
    return f"triage:{{{team}}}:shadow:{model}"


def shadow_usd(team: str, day: str) -> str:
    """String: what shadow answers have cost this UTC day. Lives two days."""
    return f"triage:{{{team}}}:shadow-usd:{day}"
