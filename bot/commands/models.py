"""`/triage models`: which models there are, which one answers, and how that came about."""

from collections.abc import Sequence

from bot.admin.wording import day, gain
from bot.commands.context import Context
from bot.slack.text.render import inline, sentence
from classifiers.plural import plural
from learning.gate.shadow import ShadowFigures
from storage.models import Listed, Promotion, listed, shown

HELP = "`/triage models` - the models there are, which one answers, and who decided so"

_HISTORY = 10


def _model(one: Listed) -> str:
    model = one.model
    what = "recipe of the local model" if model.kind == "local" else model.name
    return (
        f"• `{model.id}` {one.role} · {model.backend} · {inline(what)} · {day(model.created)}"
        + ("" if one.usable else " · :warning: for other labels")
    )


def _in_shadow(found: ShadowFigures) -> str:
    change = found.change
    answered = plural(found.answered, "live message")
    said = f"  in shadow: {answered} answered, {change.size} judged by agents"
    if change.size:
        said += f", {change.gained} gained and {change.lost} lost ({change.gain:+.1%})"
    return f"{said}, p50 {found.p50_ms:.0f} ms, ${found.usd_per_1000:.2f} for 1,000"


def _step(one: Promotion) -> str:
    figures = gain(one.figures)
    who = f"<@{one.who}>" if one.who.isalnum() else inline(one.who)
    return (
        f"• {day(one.when)} {one.act}: {shown(one.before)} → {shown(one.after)} by {who}"
        + (f", {figures}" if figures else "")
        + (f" · {sentence(one.why)}" if one.why else "")
    )


async def answer(context: Context, _: Sequence[str]) -> str:
    """Models newest first, then the last promotions and rollbacks."""
    models = context.stores.models
    rows = await listed(models, context.team, context.config.label_set.version)
    history = await models.history(context.team)
    champion = shown(await models.champion(context.team))
    lines = [f"*Models* (champion: `{champion}`)"]
    for one in rows:
        lines.append(_model(one))
        found = await context.bench.gating.in_shadow(one.model.id)
        if found.answered:
            lines.append(_in_shadow(found))
    if not rows:
        lines.append("• none yet: `/triage train` makes one")
    if history:
        lines += ["*History*", *(_step(one) for one in reversed(history[-_HISTORY:]))]
    return "\n".join(lines)
