"""`/triage status`: the bot's numbers, and problems that need help."""

from collections.abc import Sequence

from bot.admin.status import llm_status
from bot.commands.context import Context
from bot.slack.text.render import code, inline, sentence
from classifiers.plural import plural
from learning.migration import stray_labels

HELP = "`/triage status` - my numbers, and problems that need your help"


async def answer(context: Context, _: Sequence[str]) -> str:
    """Return classifier, channels, numbers, backlog, and recent problems with Slack."""
    stores, team, classifier = context.stores, context.team, context.classifier
    tally = await stores.workspaces.tally(team)
    counts = await stores.examples.counts(team)
    labelled, unsure = tally.get("labelled", 0), tally.get("abstained", 0)
    others = max(0, await stores.inbox.depth(team) - 1)  # this command is in the inbox too
    dead = await stores.inbox.dead(team)
    modes = ", ".join(f"{name} {mode}" for name, mode in context.config.channels.items())
    lines = [
        "*Status*",
        f"• Classifier: {code(classifier.version)}",
        f"• Channels: {sentence(modes) or 'none listed'}; others that I am invited to: suggest",
        f"• Requests: {labelled + unsure:,} ({labelled:,} labelled, {unsure:,} need a human)",
        f"• Examples from agents: {sum(counts.values()):,}",
        f"• Waiting: {others:,}, failed: {dead:,}" + (" (see `triage dead list`)" if dead else ""),
    ]
    for label, number in stray_labels(counts, context.config.label_set.names).items():
        lines.append(
            f"• :warning: {plural(number, 'example')} of {inline(label)}, which is not in "
            "triage.toml: add the label there, or move them with `triage labels migrate`"
        )
    standing = await stores.workspaces.precision_status(team)
    if standing is not None:
        lines.append(f"• Local model: {sentence(standing)}")
    if classifier.problem:
        lines.append(f"• :warning: {sentence(classifier.problem)}")
    if "llm:" in classifier.version:
        cost, warnings = await llm_status(stores.spending, context.config.llm)
        lines.append(f"• LLM today (UTC): {sentence(cost)}")
        lines += [f"• :warning: LLM: {sentence(warning)}" for warning in warnings]
    for figure, change in (await stores.series.alarms()).items():
        lines.append(f"• :warning: {inline(figure)} changed: {sentence(change)}")
    lookups = await context.people.problems() | context.people.directory.problems
    for subject, problem in (lookups | await stores.workspaces.problems(team)).items():
        lines.append(f"• :warning: {inline(subject)}: {sentence(problem)}")
    return "\n".join(lines)
