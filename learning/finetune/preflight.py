"""What the examples themselves say before money is spent: too few, unbalanced, too long."""

from collections import Counter
from collections.abc import Iterator, Sequence

from classifiers.llm import prompt
from classifiers.plural import plural
from classifiers.redaction.redact import redact
from learning.finetune.backend import Level, PreflightFinding
from storage.examples.snapshots import Snapshot

_FEWEST = 10
_ENOUGH = 100
_LOPSIDED = 10
_NAMED = 5
_ASCII_PER_TOKEN = 4
_TOKENS_PER_TURN = 4


def tokens(text: str) -> int:
    """Tokens of a text, estimated high: four ASCII characters make one, any other its own."""
    ascii_characters = sum(character.isascii() for character in text)
    return -(-ascii_characters // _ASCII_PER_TOKEN) + len(text) - ascii_characters


def example_tokens(snapshot: Snapshot) -> list[int]:
    """Estimated tokens of each line of the training file."""
    turns = prompt.messages(snapshot.label_set, (), "")
    fixed = sum(tokens(turn["content"]) for turn in turns) + 3 * _TOKENS_PER_TURN
    return [
        fixed
        + tokens(prompt.clean(redact(one.text).text, prompt.MESSAGE_CHARS))
        + tokens(prompt.answer(one.label))
        for one in snapshot.train
    ]


def examine(snapshot: Snapshot, *, hosted: bool, longest: int | None) -> list[PreflightFinding]:
    """All that the examples give reason to say; `longest` is the provider's limit in tokens."""
    return [*_amount(snapshot, hosted=hosted), *_balance(snapshot), *_length(snapshot, longest)]


def _amount(snapshot: Snapshot, *, hosted: bool) -> Iterator[PreflightFinding]:
    total, trained = len(snapshot.train) + len(snapshot.test), len(snapshot.train)
    if trained < _FEWEST:
        yield PreflightFinding(
            Level.REFUSE,
            f"{plural(trained, 'example')} to train on ({total} in all): at least {_FEWEST} are "
            "needed. Agents' corrections add some, and so does `triage import`.",
        )
    elif not snapshot.test:
        yield PreflightFinding(
            Level.ADVISE,
            f"none of {plural(total, 'example')} is held out: the gate has nothing to compare "
            "models on.",
        )
    elif total < _ENOUGH:
        why = (
            "a hosted model shows no gain over prompting below that, and a held-out part this "
            "small proves nothing"
            if hosted
            else "a held-out part this small proves nothing"
        )
        yield PreflightFinding(
            Level.ADVISE,
            f"{plural(total, 'example')} in all: wait for {_ENOUGH}, because {why}.",
        )


def _balance(snapshot: Snapshot) -> Iterator[PreflightFinding]:
    counts = Counter(one.label for one in snapshot.train)
    none = [name for name in snapshot.label_set.names if not counts[name]]
    if none:
        yield PreflightFinding(
            Level.ADVISE,
            f"no example of {_listed(none)}: the model would learn never to answer with it.",
        )
    if counts:
        (most, many), (least, few) = counts.most_common()[0], counts.most_common()[-1]
        if many > _LOPSIDED * few:
            yield PreflightFinding(
                Level.NOTE,
                f"unbalanced: {plural(many, 'example')} of {most}, {few} of {least}; the model "
                f"will lean towards {most}.",
            )


def _length(snapshot: Snapshot, longest: int | None) -> Iterator[PreflightFinding]:
    cut = sum(len(one.text) > prompt.MESSAGE_CHARS for one in snapshot.train)
    if cut:
        yield PreflightFinding(
            Level.NOTE,
            f"{plural(cut, 'text is', 'texts are')} longer than {prompt.MESSAGE_CHARS} characters: "
            "the middle is left out, as it is when the model is asked.",
        )
    over = [n for n in example_tokens(snapshot) if longest is not None and n > longest]
    if over:
        yield PreflightFinding(
            Level.REFUSE,
            f"{plural(len(over), 'example has', 'examples have')} more than the {longest} tokens "
            f"that the base model is trained on (the longest about {max(over)}): shorten the "
            "labels' descriptions, or choose another base_model.",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
