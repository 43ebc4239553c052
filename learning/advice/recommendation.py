"""Prompt or fine-tune? One recommendation from a team's own numbers, with its reason; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from classifiers.plural import plural
from learning.advice.facts import Facts
from learning.finetune.shutdown_dates import OPENAI_LAST_ANSWER, OPENAI_LAST_JOB

GOOD = 100  # examples from which fine-tuning is worth a thought
_PER_LABEL = 10
_CEILING = 0.01  # accuracy that doubling the examples must add to be worth waiting for
_AGREED = 20  # messages that two agents spoke on, before their agreement means anything
_JUDGED = 30
_SLOW_MS = 2_000.0


@dataclass(frozen=True, slots=True)
class OptionPrice:
    """US dollars for 1,000 messages of an option; None: its price is not set."""

    name: str
    usd_per_1000: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to label: what it costs at the present volume, and how fast it answers."""

    name: str
    usd_per_1000: float | None
    usd_per_month: float | None
    ms: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, why, and the options that were weighed."""

    do: str
    because: tuple[str, ...]
    options: tuple[Option, ...]
    closing: tuple[str, ...]


def advise(facts: Facts, prices: Sequence[OptionPrice], target: float, today: date) -> Advice:
    """Start with prompting or the local model; fine-tune once that has hit its ceiling."""
    do, because = _recommendation(facts, target)
    options = tuple(
        Option(
            one.name,
            one.usd_per_1000,
            None
            if one.usd_per_1000 is None or facts.per_month is None
            else one.usd_per_1000 * facts.per_month / 1000,
            facts.times_ms.get(one.name),
            one.note,
        )
        for one in prices
    )
    return Advice(do, tuple(because), options, closing(today))


def closing(today: date) -> tuple[str, ...]:
    """What ends when at OpenAI, as far as it is not over yet."""
    ends = (
        (OPENAI_LAST_JOB, "the last day on which OpenAI takes a fine-tuning job, of anybody"),
        (OPENAI_LAST_ANSWER, "gpt-4o and gpt-4.1 and all that was fine-tuned from them stop"),
    )
    left = [
        f"{day}, in {plural((day - today).days, 'day')}: {what}"
        for day, what in ends
        if day >= today
    ]
    over = [f"{day}, over: {what}" for day, what in ends if day < today]
    return (*over, *left)


def _recommendation(facts: Facts, target: float) -> tuple[str, list[str]]:
    early = _too_early(facts)
    if early is not None or facts.curve is None:
        return early or ("Go on as now and correct", ["the learning curve cannot be measured yet"])
    now, ahead = facts.curve.now.accuracy, facts.curve.expected[0]
    if _disagree(facts, now):
        because = (
            f"agents agreed on {facts.agreement.share:.0%} of "
            f"{plural(facts.agreement.messages, 'message')}, and the model is right in "
            f"{now:.0%}: it cannot be more right than they are of one mind. `triage conflicts` "
            "lists where they differ"
        )
        return "Sharpen the labels before you train anything", [because]
    if now >= target and not _slow(facts):
        because = (
            f"it is right in {now:.0%} of messages it has not seen, which meets the target of "
            f"{target:.0%}; a hosted model would cost money and time for little"
        )
        return "Stay with the local model", [because]
    if facts.curve.gain_of_doubling >= _CEILING:
        because = (
            f"the curve still climbs: twice as many examples are expected to bring {now:.1%} to "
            f"{ahead.accuracy:.1%} ({ahead.low:.1%} to {ahead.high:.1%})"
        )
        return "Go on correcting, and let `triage train local` choose its settings anew", [because]
    return _fine_tune(facts, now, target)


def _too_early(facts: Facts) -> tuple[str, list[str]] | None:
    label, fewest = facts.fewest
    if facts.examples < GOOD:
        because = (
            f"{plural(facts.examples, 'example')}; below {GOOD} fine-tuning rarely beats a good "
            "prompt with similar examples in it, or the local model"
        )
        missing = GOOD - facts.examples
        return f"Go on as now and correct: {plural(missing, 'more good example')} first", [because]
    if fewest < _PER_LABEL:
        because = (
            f"{label} has {plural(fewest, 'example')}; a model trained now would hardly know it"
        )
        return f"Correct more {label} messages: {_PER_LABEL - fewest} at least", [because]
    return None


def _fine_tune(facts: Facts, accuracy: float, target: float) -> tuple[str, list[str]]:
    ceiling = (
        f"{plural(facts.examples, 'example')}, and twice as many would add less than "
        f"{_CEILING:.0%} to {accuracy:.0%}, below the target of {target:.0%}"
    )
    reasons, prompting = [ceiling], facts.prompting
    if prompting.count >= _JUDGED:
        if prompting.share >= target:
            judged = plural(prompting.count, "judged answer")
            because = f"it was right in {prompting.share:.0%} of {judged}"
            return "Stay with prompting for what the local model is unsure of", [because]
        reasons.append(
            f"prompting has stopped as well: right in {prompting.newer:.0%} of its newer and "
            f"{prompting.older:.0%} of its older answers that agents judged"
        )
    if _slow(facts):
        reasons.append(f"the LLM takes {facts.times_ms['llm']:.0f} ms; short prompts are faster")
    return "Fine-tune a hosted model: `triage train nebius` or `azure`", reasons


def _disagree(facts: Facts, accuracy: float) -> bool:
    agreement = facts.agreement
    return agreement.messages >= _AGREED and agreement.share <= accuracy


def _slow(facts: Facts) -> bool:
    return facts.times_ms.get("llm", 0.0) > _SLOW_MS
