"""Recommends prompting, the local model or fine-tuning, with reasons; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from classifiers.plural import plural
from learning.advice.facts import Facts
from learning.finetune.shutdown_dates import OPENAI_LAST_ANSWER, OPENAI_LAST_JOB

GOOD = 100  # the fewest examples with which fine-tuning is worth considering
_PER_LABEL = 10
_CEILING = 0.01  # wait for more examples if twice as many add at least this accuracy
_AGREED = 20  # the fewest messages judged by two agents that make their agreement meaningful
_JUDGED = 30  # the same for judged answers of the LLM
_SLOW_MS = 2_000.0


@dataclass(frozen=True, slots=True)
class OptionPrice:
    """The price of an option in US dollars per 1,000 messages, None if it is not set."""

    name: str
    usd_per_1000: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A way to label: its cost at the current volume, and its speed in milliseconds."""

    name: str
    usd_per_1000: float | None
    usd_per_month: float | None
    ms: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation, its reasons, the options considered, and dates on which services end."""

    do: str
    because: tuple[str, ...]
    options: tuple[Option, ...]
    closing: tuple[str, ...]


def advise(facts: Facts, prices: Sequence[OptionPrice], target: float, today: date) -> Advice:
    """Recommend prompting or the local model, and fine-tuning once they stop improving."""
    do, because = _recommendation(facts, target)
    options = tuple(
        Option(
            price.name,
            price.usd_per_1000,
            None
            if price.usd_per_1000 is None or facts.per_month is None
            else price.usd_per_1000 * facts.per_month / 1000,
            facts.times_ms.get(price.name),
            price.note,
        )
        for price in prices
    )
    return Advice(do, tuple(because), options, closing(today))


def closing(today: date) -> tuple[str, ...]:
    """Return lines with the dates on which OpenAI's services end; those in the past first."""
    ends = (
        (OPENAI_LAST_JOB, "the last day on which OpenAI accepts fine-tuning jobs"),
        (OPENAI_LAST_ANSWER, "gpt-4o, gpt-4.1 and models fine-tuned from them stop answering"),
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
        return early or (
            "Continue as now and correct labels",
            ["the examples are too few to measure the learning curve"],
        )
    now, ahead = facts.curve.now.accuracy, facts.curve.expected[0]
    if _disagree(facts, now):
        because = (
            f"agents agreed on {facts.agreement.share:.0%} of "
            f"{plural(facts.agreement.messages, 'request')}, and the model is right in "
            f"{now:.0%}: it cannot agree with them more than they do with each other. "
            "`triage conflicts` lists where they differ"
        )
        return "Clarify the labels before you train a model", [because]
    if now >= target and not _slow(facts):
        because = (
            f"it is right in {now:.0%} of requests it has not seen, which meets the target of "
            f"{target:.0%}; a hosted model would cost money and time for little gain"
        )
        return "Stay with the local model", [because]
    if facts.curve.gain_of_doubling >= _CEILING:
        because = (
            "it still improves with examples: twice as many are expected to raise its accuracy "
            f"from {now:.1%} to {ahead.accuracy:.1%} ({ahead.low:.1%} to {ahead.high:.1%})"
        )
        return "Continue to correct, and tune the model again with `triage train local`", [because]
    return _fine_tune(facts, now, target)


def _too_early(facts: Facts) -> tuple[str, list[str]] | None:
    label, fewest = facts.fewest
    if facts.examples < GOOD:
        because = (
            f"you have {plural(facts.examples, 'example')}; with fewer than {GOOD}, fine-tuning "
            "rarely beats the local model or a prompt with similar examples"
        )
        missing = plural(GOOD - facts.examples, "more good example")
        return f"Continue as now and correct labels: collect {missing} first", [because]
    if fewest < _PER_LABEL:
        because = f"{label} has {plural(fewest, 'example')}: too few for a model to learn it"
        return f"Correct at least {_PER_LABEL - fewest} more {label} requests", [because]
    return None


def _fine_tune(facts: Facts, accuracy: float, target: float) -> tuple[str, list[str]]:
    ceiling = (
        f"the local model is right in {accuracy:.0%}, below the target of {target:.0%}, and twice "
        f"as many as {plural(facts.examples, 'example')} would add less than {_CEILING:.0%}"
    )
    reasons, prompting = [ceiling], facts.prompting
    if prompting.count >= _JUDGED:
        if prompting.share >= target:
            judged = plural(prompting.count, "judged answer")
            because = f"it was right in {prompting.share:.0%} of {judged}"
            return "Stay with prompting when the local model is unsure", [because]
        reasons.append(
            f"prompting does not reach it either: right in {prompting.newer:.0%} of its newer and "
            f"{prompting.older:.0%} of its older answers that agents judged"
        )
    if _slow(facts):
        reasons.append(
            f"the LLM takes {facts.times_ms['llm']:.0f} ms; a fine-tuned model needs a shorter "
            "prompt and is faster"
        )
    return "Fine-tune a hosted model: `triage train nebius` or `azure`", reasons


def _disagree(facts: Facts, accuracy: float) -> bool:
    agreement = facts.agreement
    return agreement.messages >= _AGREED and agreement.share <= accuracy


def _slow(facts: Facts) -> bool:
    return facts.times_ms.get("llm", 0.0) > _SLOW_MS
