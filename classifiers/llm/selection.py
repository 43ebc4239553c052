"""Choose the examples in a prompt: similar, balanced over likely labels, within a token budget."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from classifiers.base import ExampleIndex, Label, LabelSet, Neighbour, Score
from classifiers.config import FewShot
from classifiers.llm.prompt import DESCRIPTION_CHARS, SHOT_CHARS
from classifiers.tokens import text_tokens

_TURN_TOKENS = 16  # roles, delimiters and JSON around a shot's text and label
_MOST_LABELS = 250  # servers limit the size of enums in strict schemas
_VOTERS = 10  # nearest examples whose labels are compared with the model's answer
_RIGHT, _WRONG = 3.0, 1.0  # prior votes for and against the model's answer

Candidates = Callable[[str], Sequence[str]]
"""Returns the labels of a text, likeliest first, such as `LocalClassifier.rank`. It blocks."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The index to take examples from, and the source of likely labels if not all labels fit.

    Without an index the examples of the label set are used. Without candidates the labels of the
    nearest examples are the likely ones.
    """

    index: ExampleIndex | None = None
    candidates: Candidates | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The examples for the prompt of a message, nearest last, and the labels to choose from."""

    shots: tuple[Neighbour, ...]
    labels: LabelSet
    nearest: tuple[Neighbour, ...]  # the evidence for confidence, nearest first


def select(retrieval: Retrieval, labels: LabelSet, text: str, limits: FewShot) -> Selection:
    """Return the examples and labels for the prompt of `text`; the choice is deterministic.

    Examples are taken from the nearest, round by round over the likely labels, so no label has a
    majority. Examples of unknown labels are left out. If the index is empty, the examples of the
    label set are used. All labels are offered if they fit, because prompt caches need a constant
    list; otherwise only the likely ones.
    """
    index, candidates = retrieval.index, retrieval.candidates
    found = index.nearest([text], limits.pool)[0] if index is not None else []
    known = _distinct(neighbour for neighbour in found if neighbour.label in labels.names)
    pool = known or _seeds(labels)
    offered = labels
    if not _fit(labels, limits.label_tokens):
        likely = [shot.label for shot in pool] if candidates is None else candidates(text)
        offered = _narrowed(labels, likely, limits.label_tokens)
    shots = _balanced([shot for shot in pool if shot.label in offered.names], limits)
    return Selection(tuple(reversed(shots)), offered, tuple(known[:_VOTERS]))


def agreement(label: str, nearest: Sequence[Neighbour]) -> float:
    """Return the confidence in a model's `label` in (0, 1), by the labels of the nearest examples.

    Each neighbour votes with its similarity. Three prior votes for the model and one against it
    make 0.75 without neighbours. The value ranks answers, and is not a calibrated probability.
    """
    votes = [max(neighbour.similarity, 0.0) for neighbour in nearest]
    agreeing = sum(
        vote for vote, neighbour in zip(votes, nearest, strict=True) if neighbour.label == label
    )
    return (_RIGHT + agreeing) / (_RIGHT + _WRONG + sum(votes))


def shares(nearest: Sequence[Neighbour]) -> list[Score]:
    """Return the labels of the nearest examples by their share of similarity, highest first.

    A vote for no label keeps a single neighbour from a share of 1.
    """
    votes: dict[str, float] = {}
    for neighbour in nearest:
        votes[neighbour.label] = votes.get(neighbour.label, 0.0) + max(neighbour.similarity, 0.0)
    total = sum(votes.values()) + _WRONG
    scores = [Score(label, vote / total) for label, vote in votes.items()]
    return sorted(scores, key=lambda score: (-score.confidence, score.label))


def _distinct(neighbours: Iterable[Neighbour]) -> list[Neighbour]:
    # Break ties in similarity by content, because an index may change its order between calls.
    ordered = sorted(neighbours, key=lambda shot: (-shot.similarity, shot.text, shot.label))
    unique = {(shot.text, shot.label): shot for shot in reversed(ordered)}
    return sorted(unique.values(), key=ordered.index)


def _seeds(labels: LabelSet) -> list[Neighbour]:
    return [Neighbour(text, label.name, 0.0) for label in labels.labels for text in label.examples]


def _fit(labels: LabelSet, budget: int) -> bool:
    taken = sum(map(_label_tokens, labels.labels))
    return taken <= budget and len(labels.labels) <= _MOST_LABELS


def _narrowed(labels: LabelSet, likely: Sequence[str], budget: int) -> LabelSet:
    rank = {name: place for place, name in enumerate(dict.fromkeys(likely))}
    ordered = sorted(labels.labels, key=lambda label: rank.get(label.name, len(rank)))
    kept: set[str] = set()
    for label in ordered[:_MOST_LABELS]:
        budget -= _label_tokens(label)
        if budget < 0:
            break
        kept.add(label.name)
    return LabelSet(tuple(label for label in labels.labels if label.name in kept))


def _label_tokens(label: Label) -> int:
    # A name is in the list and in the schema's enum.
    return 2 * text_tokens(label.name) + text_tokens(label.description[:DESCRIPTION_CHARS]) + 4


def _balanced(pool: Sequence[Neighbour], limits: FewShot) -> list[Neighbour]:
    by_label: dict[str, list[Neighbour]] = {}
    for shot in pool:
        by_label.setdefault(shot.label, []).append(shot)
    columns = list(islice(by_label.values(), limits.max_labels))
    deepest = max(map(len, columns), default=0)
    rounds = (
        column[depth] for depth in range(deepest) for column in columns if depth < len(column)
    )
    chosen = _fitting(rounds, limits)
    return [shot for shot in pool if shot in chosen]


def _fitting(shots: Iterable[Neighbour], limits: FewShot) -> list[Neighbour]:
    chosen: list[Neighbour] = []
    left = limits.shot_tokens
    for shot in shots:
        cost = text_tokens(shot.text[:SHOT_CHARS]) + text_tokens(shot.label) + _TURN_TOKENS
        if len(chosen) < limits.max_shots and cost <= left:
            chosen.append(shot)
            left -= cost
    return chosen
