"""Checks examples before money is spent: too few, unbalanced, too long."""

from collections import Counter
from collections.abc import Iterator, Sequence

from classifiers.llm import prompt
from classifiers.plural import plural
from classifiers.redaction.redact import redact
from classifiers.tokens import text_tokens
from learning.finetune.backend import Level, PreflightFinding
from storage.examples.snapshots import Snapshot

_FEWEST = 10
_ENOUGH = 100
_LOPSIDED = 10
_NAMED = 5
_TOKENS_PER_TURN = 4


def example_tokens(snapshot: Snapshot) -> list[int]:
    """Return the estimated tokens of each line of the training file."""
    turns = prompt.messages(snapshot.label_set, (), "")
    fixed = sum(text_tokens(turn["content"]) for turn in turns) + 3 * _TOKENS_PER_TURN
    return [
        fixed
        + text_tokens(prompt.clean(redact(example.text).text, prompt.MESSAGE_CHARS))
        + text_tokens(prompt.answer(example.label))
        for example in snapshot.train
    ]


def examine(snapshot: Snapshot, *, hosted: bool, longest: int | None) -> list[PreflightFinding]:
    """Return findings on a snapshot; `longest` is the provider's limit in tokens per example."""
    return [*_amount(snapshot, hosted=hosted), *_balance(snapshot), *_length(snapshot, longest)]


def _amount(snapshot: Snapshot, *, hosted: bool) -> Iterator[PreflightFinding]:
    total, trained = len(snapshot.train) + len(snapshot.test), len(snapshot.train)
    if trained < _FEWEST:
        yield PreflightFinding(
            Level.REFUSE,
            f"{plural(trained, 'example')} to train on ({total} in total), but at least {_FEWEST} "
            "are needed. Correct more labels, or add examples with `triage import`.",
        )
    elif not snapshot.test:
        yield PreflightFinding(
            Level.ADVISE,
            f"none of {plural(total, 'example')} is held out, so models cannot be compared. "
            "Collect more examples.",
        )
    elif total < _ENOUGH:
        reason = "the held-out part is too small to prove a gain"
        if hosted:
            reason = f"below that, a hosted model is no better than prompting, and {reason}"
        yield PreflightFinding(
            Level.ADVISE,
            f"{plural(total, 'example')} in total: wait for {_ENOUGH}, because {reason}.",
        )


def _balance(snapshot: Snapshot) -> Iterator[PreflightFinding]:
    counts = Counter(example.label for example in snapshot.train)
    none = [name for name in snapshot.label_set.names if not counts[name]]
    if none:
        yield PreflightFinding(
            Level.ADVISE,
            f"no example of {_listed(none)}: the model would learn never to use it.",
        )
    if counts:
        (most, many), (least, few) = counts.most_common()[0], counts.most_common()[-1]
        if many > _LOPSIDED * few:
            yield PreflightFinding(
                Level.NOTE,
                f"unbalanced: {plural(many, 'example')} of {most}, {few} of {least}; the model "
                f"will prefer {most}.",
            )


def _length(snapshot: Snapshot, longest: int | None) -> Iterator[PreflightFinding]:
    cut = sum(len(example.text) > prompt.MESSAGE_CHARS for example in snapshot.train)
    if cut:
        yield PreflightFinding(
            Level.NOTE,
            f"{plural(cut, 'text is', 'texts are')} longer than {prompt.MESSAGE_CHARS} characters: "
            "the middle is left out, as in live requests.",
        )
    over = [n for n in example_tokens(snapshot) if longest is not None and n > longest]
    if over:
        yield PreflightFinding(
            Level.REFUSE,
            f"{plural(len(over), 'example has', 'examples have')} more than the {longest} tokens "
            f"that the base model trains on (the longest has about {max(over)}). Shorten the "
            "labels' descriptions, or choose another base_model.",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
