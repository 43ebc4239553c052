"""`/triage help`."""

from collections.abc import Sequence

from support_triage.bot.commands.context import Context

HELP = """*What I answer to*
• `/triage status` - what I am doing, and what needs your help
• `/triage labels` - the labels, their emoji, routes and examples
• `/triage accuracy` - how often agents agreed with me
• `/triage conflicts` - the few labels that somebody should look at
• `/triage export [openai|jsonl|csv|parquet] [2026-11-01|30d]` - the labelled examples, sent to you
• `/triage forget @user` - remove all that a person wrote
• `/triage models` - the models there are, which one answers, and who decided so
• `/triage promote [MODEL]` - compare the newest challenger, and use it if it is really better
• `/triage rollback` - back to the model before this one
• `/triage train [local|openai|azure|nebius]` - a challenger from the examples; costs come first
• `/triage jobs`, `/triage cancel JOB` - how training goes, and its end
• `/triage advice` - prompt or fine-tune? from your own numbers, with the learning curve
• `/triage help` - this text
Agents correct me with another label's emoji on a message or its card."""


async def answer(_: Context, __: Sequence[str]) -> str:
    """The verbs, one a line."""
    return HELP
