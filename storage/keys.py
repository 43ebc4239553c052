"""Every key in Redis: its name, type, content and lifetime.

All keys of a workspace have its id as hash tag, so a cluster keeps them in one slot.
"""

RETENTION_S = 90 * 24 * 3600
"""Retention of a message and the bot's answer to it, unless `[keep]` sets another."""

KNOWN_S = 30 * 24 * 3600
"""Lifetime of a quiet channel's list of recent messages, which shows what was deleted."""

DEDUPE_S = 3 * 24 * 3600
"""Lifetime of a received message's identity, by which duplicates are dropped.

Slack retries for six minutes, and with Delayed Events hourly for up to 24 hours.
"""


def workspaces() -> str:
    """Set of known workspace ids. Permanent: one entry per workspace."""
    return "triage:workspaces"


def adoption() -> str:
    """Plain string: the workspace that is adopting the command line's data. Lives a minute."""
    return "triage:adoption"


def calls() -> str:
    """Sorted set of workspaces that wait for a worker, by time. Lives while any waits."""
    return "triage:{calls}:calls"


def inbox(team: str) -> str:
    """Hash of entry id to event as JSON. An entry lives until it is finished or a dead letter."""
    return f"triage:{{{team}}}:inbox:events"


def waiting(team: str, channel: str) -> str:
    """List of a channel's waiting entry ids, oldest first. Lives while any waits."""
    return f"triage:{{{team}}}:inbox:waiting:{channel}"


def turns(team: str) -> str:
    """List of channels with waiting entries, the next first. Lives while any waits."""
    return f"triage:{{{team}}}:inbox:turns"


def taken(team: str) -> str:
    """Sorted set of in-flight entry ids, by the end of their lease. Lives with them."""
    return f"triage:{{{team}}}:inbox:taken"


def later(team: str) -> str:
    """Sorted set of postponed entry ids, by time of retry. Lives with them."""
    return f"triage:{{{team}}}:inbox:later"


def suspects(team: str) -> str:
    """Sorted set of ids of entries that failed before, by time of retry. Lives with them."""
    return f"triage:{{{team}}}:inbox:suspects"


def handed(team: str) -> str:
    """Hash of entry id to its number of deliveries to a worker. A field lives with its entry."""
    return f"triage:{{{team}}}:inbox:handed"


def strikes(team: str) -> str:
    """Hash of entry id to its failures and worker deaths. A field lives with its entry."""
    return f"triage:{{{team}}}:inbox:strikes"


def dead(team: str) -> str:
    """Stream of dead letters: events and the reason of failure. An entry lives `[keep] days`."""
    return f"triage:{{{team}}}:inbox:dead"


def dead_outlived(team: str) -> str:
    """Plain string: the number of dead letters dropped for their age. Permanent, a number."""
    return f"triage:{{{team}}}:inbox:dead-outlived"


def newest(team: str) -> str:
    """Hash of channel to its newest message's ts, as 0.1 wrote it. Permanent, read at an update."""
    return f"triage:{{{team}}}:inbox:newest"


def listening(team: str) -> str:
    """Plain string: a process receives this workspace's events. Lives a minute, renewed."""
    return f"triage:{{{team}}}:inbox:listening"


def watermarks(team: str) -> str:
    """Hash of channel to ts read up to; field "" has the last backfill's start. Permanent."""
    return f"triage:{{{team}}}:inbox:watermarks"


def known(team: str, channel: str) -> str:
    """Sorted set of a channel's recent messages, by ts. Lives KNOWN_S, trimmed."""
    return f"triage:{{{team}}}:inbox:known:{channel}"


def server(team: str) -> str:
    """Hash: the server that holds this workspace, and since when (ms). Permanent, two fields."""
    return f"triage:{{{team}}}:inbox:server"


def backfilling(team: str) -> str:
    """Plain string: the process that backfills missed messages. Lives seconds, renewed."""
    return f"triage:{{{team}}}:inbox:backfilling"


def seen(team: str, channel: str, ts: str) -> str:
    """Plain string: this message was received. Lives DEDUPE_S."""
    return f"triage:{{{team}}}:seen:{channel}:{ts}"


def pace(team: str, name: str) -> str:
    """Plain string: time of the next call of this kind at an even pace. Lives minutes after it."""
    return f"triage:{{{team}}}:pace:{name}"


def prefix(team: str) -> str:
    """Prefix of every key of one workspace; each key lives as its own entry says."""
    return f"triage:{{{team}}}:"


def record(team: str, channel: str, ts: str) -> str:
    """JSON string: a message, its prediction and its card. Lives `[keep] days`."""
    return f"triage:{{{team}}}:message:{channel}:{ts}"


def lock(team: str, channel: str, ts: str) -> str:
    """Plain string: the holder of this message. Lives seconds."""
    return f"triage:{{{team}}}:lock:{channel}:{ts}"


def late(team: str) -> str:
    """Sorted set of messages whose card may arrive late, by next search. An entry lives minutes."""
    return f"triage:{{{team}}}:late"


def reactions(team: str, channel: str, ts: str) -> str:
    """Sorted set of agents' reactions on a message or card, by time. Lives `[keep] days`."""
    return f"triage:{{{team}}}:reactions:{channel}:{ts}"


def card(team: str, channel: str, ts: str) -> str:
    """Plain string: the message (channel:ts) that this card is about. Lives `[keep] days`."""
    return f"triage:{{{team}}}:card:{channel}:{ts}"


def examples(team: str) -> str:
    """Hash of message id to current example as JSON. Permanent: the team's training data."""
    return f"triage:{{{team}}}:examples"


def order(team: str) -> str:
    """Sorted set of example ids in the order they were added. Permanent, as `examples`."""
    return f"triage:{{{team}}}:order"


def aside(team: str) -> str:
    """Hash of message id to an example of a removed label. Permanent: it can be restored."""
    return f"triage:{{{team}}}:aside"


def quoted(team: str, example: str) -> str:
    """Set of messages (channel:ts) whose cards quote this example. Lives `[keep] days`."""
    return f"triage:{{{team}}}:quoted:{example}"


def forgotten(team: str) -> str:
    """Hash of forgotten user to time: older messages of that user are refused. Permanent.

    The field "" counts forget requests, so a snapshot that was begun earlier is refused.
    """
    return f"triage:{{{team}}}:forgotten"


def forgetting(team: str) -> str:
    """Hash of user to the time of a running forget request. A field lives until it is done."""
    return f"triage:{{{team}}}:forgetting"


def forget(team: str, user: str) -> str:
    """Hash: a forget request, who made it and its progress. Lives 30 days after its end."""
    return f"triage:{{{team}}}:forget:{user}"


def forget_ids(team: str, user: str) -> str:
    """Set of ids of a person's messages whose traces are being removed. Lives until that is done.

    With these ids another process can finish the removal after the messages are gone.
    """
    return f"triage:{{{team}}}:forget-ids:{user}"


def label_moves(team: str) -> str:
    """Hash of a renamed or merged label to its current name. Permanent, a few fields."""
    return f"triage:{{{team}}}:label-moves"


def counts(team: str) -> str:
    """Hash of label to number of current examples. Permanent, changes with `examples`."""
    return f"triage:{{{team}}}:counts"


def history(team: str) -> str:
    """Hash of message id to its corrections as JSON. Permanent: who set which label, when."""
    return f"triage:{{{team}}}:history"


def changes(team: str) -> str:
    """Stream of example ids that changed, about the last 10,000. Permanent, trimmed."""
    return f"triage:{{{team}}}:changes"


def snapshot(team: str, identity: str) -> str:
    """Hash of a snapshot: `about` and its rows in chunks. Permanent: models were trained on it."""
    return f"triage:{{{team}}}:snapshot:{identity}"


def snapshots(team: str) -> str:
    """Sorted set of snapshot ids by time of creation. Permanent, one entry per snapshot."""
    return f"triage:{{{team}}}:snapshots"


def tally(team: str) -> str:
    """Hash of counters: predictions by outcome. Permanent, a handful of fields."""
    return f"triage:{{{team}}}:tally"


def standing(team: str) -> str:
    """Plain string: whether the local model reaches the target precision. Permanent, a sentence."""
    return f"triage:{{{team}}}:standing"


def audit(team: str) -> str:
    """Stream of admins' commands: who, when, what. Permanent, about the last 10,000."""
    return f"triage:{{{team}}}:audit"


def command(team: str, trigger: str) -> str:
    """Hash of a command: its runs, tries to send the answer, answer and uploads. Lives a day."""
    return f"triage:{{{team}}}:command:{trigger}"


def members(team: str) -> str:
    """Hash of user group in triage.toml to its members as JSON. Lives a week after a look-up."""
    return f"triage:{{{team}}}:members"


def asking(team: str, group: str) -> str:
    """Plain string: time of a user group's last look-up. Lives 30 s, until the next is allowed."""
    return f"triage:{{{team}}}:asking:{group}"


def problems(team: str) -> str:
    """Hash of refused call and message to the advice and the time.

    A field lives a week, or until the same call succeeds; the newest 500 are kept. Lives with them.
    """
    return f"triage:{{{team}}}:problems"


def models(team: str) -> str:
    """Hash of model id to its metadata as JSON. Permanent: a promotion names it."""
    return f"triage:{{{team}}}:models"


def model_files(team: str) -> str:
    """Hash of model id to its file in base64. Permanent, changes with `models`."""
    return f"triage:{{{team}}}:model-files"


def champion(team: str) -> str:
    """Plain string: id of the champion, absent or "" for the settings' default. Permanent."""
    return f"triage:{{{team}}}:champion"


def former_champions(team: str) -> str:
    """List of earlier champions, newest last, for rollbacks. Permanent."""
    return f"triage:{{{team}}}:champions"


def promotions(team: str) -> str:
    """List of promotions and rollbacks as JSON: who, when, why, figures. Permanent."""
    return f"triage:{{{team}}}:promotions"


def jobs(team: str) -> str:
    """Hash of job id to training job as JSON. Permanent: a handful a year, with their cost."""
    return f"triage:{{{team}}}:jobs"


def cancelled_jobs(team: str) -> str:
    """Set of ids of jobs that an admin cancelled. Permanent, a subset of `jobs`."""
    return f"triage:{{{team}}}:cancelled_jobs"


def job_lease(team: str, job: str) -> str:
    """Plain string: the process that steps this job. Lives seconds."""
    return f"triage:{{{team}}}:job_lease:{job}"


def job_reports(team: str) -> str:
    """Hash of job id to the Slack message that reports it, as JSON. Permanent, as `jobs`."""
    return f"triage:{{{team}}}:job_reports"


def llm_usage(team: str, day: str) -> str:
    """Hash of a UTC day's LLM requests, tokens and US dollars. Lives RETENTION_S.

    `held:…` fields are reservations of running requests, at their maximum cost.
    """
    return f"triage:{{{team}}}:llm:{day}"


def llm_outage(team: str) -> str:
    """Plain string: the reason of a current LLM outage. Lives minutes, renewed at each failure."""
    return f"triage:{{{team}}}:llm:outage"


def series(team: str, name: str) -> str:
    """List of the newest values that are watched for drift, up to 1,200. Permanent, trimmed."""
    return f"triage:{{{team}}}:series:{name}"


def series_progress(team: str, name: str) -> str:
    """Hash: counts of a series' values, checked values and its start. Permanent, three fields."""
    return f"triage:{{{team}}}:series-progress:{name}"


def series_claim(team: str, name: str) -> str:
    """Plain string: a process checks this series. Lives two minutes."""
    return f"triage:{{{team}}}:series-claim:{name}"


def alarms(team: str) -> str:
    """Hash of drifted value to a description of the drift. Lives 30 days after the last alarm."""
    return f"triage:{{{team}}}:alarms"


def shadow(team: str, model: str) -> str:
    """Hash of message id to a challenger's answer. Lives `[keep] days` after the last answer."""
    return f"triage:{{{team}}}:shadow:{model}"


def shadow_usd(team: str, day: str) -> str:
    """Plain string: the cost of shadow answers on a UTC day, in US dollars. Lives two days."""
    return f"triage:{{{team}}}:shadow-usd:{day}"
