"""`/triage models`: the models, which one is in use, and the history of promotions."""

from collections.abc import Sequence

from bot.admin.wording import ACTS, ROLES, day, gain
from bot.commands.context import Context
from bot.slack.text.render import inline, sentence
from classifiers.plural import plural
from learning.gate.shadow import ShadowFigures
from storage.models import Listed, Promotion, listed, shown

HELP = "`/triage models` - all models, which one is in use, and who promoted it"

_HISTORY = 10


def _model(row: Listed) -> str:
    model = row.model
    name = "settings of the local model" if model.kind == "local" else model.name
    role = ROLES[row.role]
    return f"• `{model.id}` {role} · {model.backend} · {inline(name)} · {day(model.created)}" + (
        "" if row.usable else " · :warning: for other labels"
    )


def _in_shadow(found: ShadowFigures) -> str:
    change = found.change
    answered = plural(found.answered, "live request")
    line = f"  tried silently on {answered}, {change.size} judged by agents"
    if change.size:
        line += f": {change.gained} gained and {change.lost} lost ({change.gain:+.1%})"
    return f"{line}; usually {found.p50_ms:.0f} ms, ${found.usd_per_1000:.2f} for 1,000 requests"


def _step(step: Promotion) -> str:
    figures = gain(step.figures)
    who = f"<@{step.who}>" if step.who.isalnum() else inline(step.who)
    return (
        f"• {day(step.when)} {ACTS[step.act]}: {shown(step.before)} → {shown(step.after)} by {who}"
        + (f", {figures}" if figures else "")
        + (f" · {sentence(step.why)}" if step.why else "")
    )


async def answer(context: Context, _: Sequence[str]) -> str:
    """Return the models, newest first, then the last ten promotions and rollbacks."""
    models = context.stores.models
    rows = await listed(models, context.team, context.config.label_set.version)
    history = await models.history(context.team)
    champion = shown(await models.champion(context.team))
    lines = [f"*Models* (in use: `{champion}`)"]
    for row in rows:
        lines.append(_model(row))
        found = await context.bench.gate.in_shadow(row.model.id)
        if found.answered:
            lines.append(_in_shadow(found))
    if not rows:
        lines.append("• none yet: `/triage train` makes one")
    if history:
        lines += ["*History*", *(_step(step) for step in reversed(history[-_HISTORY:]))]
    return "\n".join(lines)
