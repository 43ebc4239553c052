"""Measure the gate's error rates with real predictions: equal models, and models 3 points apart."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.classify.data import Rows
from benchmarks.learning.traffic import TARGET_PRECISION, asked, fresh
from classifiers.base import Embedder, Example, Label, LabelSet, Prediction
from learning.config import GateConfig
from learning.gate.comparison import compare
from learning.gate.paired import Paired, clearly_less
from learning.gate.trial import Answers, HeldOut, run_trial
from learning.gate.verdict import decide

_SIZE = 1_000
_REPEATS = 200
_GAIN = 0.03
_TRIALS = 8
_DISCORDANT = (0.04, 0.06, 0.08, 0.10, 0.12, 0.15)
_DRAWN = 4_000


@dataclass(frozen=True)
class _Pair:
    """Predictions of two models, taught different messages, for the same unseen messages."""

    rows: Rows
    champion: tuple[Prediction, ...]
    challenger: tuple[Prediction, ...]

    def right(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        held = HeldOut(tuple(text for text, _ in self.rows), tuple(one for _, one in self.rows))
        return np.stack(
            [Answers("", side, ()).right(held.labels) for side in (self.champion, self.challenger)]
        )

    def drawn(self, swap: float, rng: np.random.Generator) -> tuple[Answers, Answers, HeldOut]:
        """Return a sample of messages; the models swap each with probability `swap`.

        With 0.5 they are equal by construction, and still disagree like real models.
        """
        chosen = rng.choice(len(self.rows), _SIZE, replace=False)
        sides: tuple[list[Prediction], list[Prediction]] = ([], [])
        for place in chosen:
            two = (self.champion[place], self.challenger[place])
            first = int(rng.random() < swap)
            sides[0].append(two[first])
            sides[1].append(two[1 - first])
        rows = [self.rows[place] for place in chosen]
        held = HeldOut(tuple(text for text, _ in rows), tuple(label for _, label in rows))
        times = (5.0,) * 200
        return Answers("a", tuple(sides[0]), times), Answers("b", tuple(sides[1]), times), held


async def _pair(
    train: Rows, unseen: Rows, embedder: Embedder, sizes: tuple[int, int], seed: int
) -> _Pair:
    """Return two models fitted on disjoint sets of training messages of the given sizes."""
    rows = list(train)
    random.Random(seed).shuffle(rows)  # noqa: S311 - repeatable on purpose
    labels = LabelSet(tuple(Label(name) for name in sorted({label for _, label in rows})))
    examples = [Example(f"m{number}", *row) for number, row in enumerate(rows)]
    texts = [text for text, _ in unseen]
    models = [
        fresh(labels, embedder, part)
        for part in (examples[: sizes[0]], examples[sizes[0] : sum(sizes)])
    ]
    first, second = [tuple(await asked(one, texts)) for one in models]
    return _Pair(unseen, first, second)


def _judged(pair: _Pair, swap: float, seed: int) -> dict[str, Any]:
    """Return the gate's verdicts over repeated samples."""
    rng, config = np.random.default_rng(seed), GateConfig()
    promoted, stopped, gains, discordant = 0, 0, [], []
    for _ in range(_REPEATS):
        champion, challenger, held = pair.drawn(swap, rng)
        found = compare(champion, challenger, held, TARGET_PRECISION, config)
        verdict = decide(found, config)
        promoted += verdict.promote
        stopped += not verdict.promote and found.interval[0] > 0
        gains.append(found.change.gain)
        discordant.append(found.change.discordant)
    return {
        "repeats": _REPEATS,
        "examples": _SIZE,
        "promoted": promoted,
        "share": promoted / _REPEATS,
        "a_gain_but_stopped_by_a_guard": stopped,
        "mean_gain": float(np.mean(gains)),
        "mean_discordant": float(np.mean(discordant)),
    }


async def _noise(train: Rows, unseen: Rows, embedder: Embedder) -> dict[str, Any]:
    """Time a model against itself in turns, and count how often it looks faster.

    The gate's minimum difference in milliseconds is left out: this tests its factor and sign test.
    """
    rows = list(train)[:1_000]
    labels = LabelSet(tuple(Label(name) for name in sorted({label for _, label in rows})))
    taught = [Example(f"m{number}", *row) for number, row in enumerate(rows)]
    model = fresh(labels, embedder, taught)
    pools: tuple[list[float], list[float]] = ([], [])
    for _ in range(_TRIALS):
        sides = await run_trial(model, model, [text for text, _ in unseen[:200]])
        for pool, side in zip(pools, sides, strict=True):
            pool.extend(side.times_ms)
    rng, config = np.random.default_rng(5), GateConfig()
    level = (1 - config.confidence) / 2
    times = np.array(pools)
    faster = 0
    for _ in range(_REPEATS):
        chosen = rng.choice(times.shape[1], 200, replace=False)
        one, other = times[:, chosen]
        if rng.random() < 0.5:
            one, other = other, one
        faster += clearly_less(one, other, config.faster_factor, level)
    return {
        "repeats": _REPEATS,
        "looked_faster": faster,
        "p50_ms": float(np.median(times)),
        "p99_ms": float(np.percentile(times, 99)),
    }


def _power() -> list[dict[str, float]]:
    """Return the power of the gate's test with 1,000 examples, by the share of disagreement.

    The gate's guards are not applied.
    """
    rng, config = np.random.default_rng(6), GateConfig()
    rows = []
    for discordant in _DISCORDANT:
        row = {"discordant": discordant}
        for gain in (0.0, _GAIN):
            shares = [(discordant + gain) / 2, (discordant - gain) / 2, 1 - discordant]
            drawn = rng.multinomial(_SIZE, shares, size=_DRAWN)
            kinds, counts = np.unique(drawn[:, :2], axis=0, return_counts=True)
            shown = 0
            for (gained, lost), count in zip(kinds.tolist(), counts.tolist(), strict=True):
                one = Paired(_SIZE, gained, lost)
                good = gained > lost and one.p <= 1 - config.confidence
                shown += count * (good and one.interval(config.confidence)[0] > 0)
            row["three_points" if gain else "equal"] = shown / _DRAWN
        rows.append(row)
    return rows


async def gates(
    train: Rows, unseen: Rows, embedder: Embedder, say: Callable[[str], None]
) -> dict[str, Any]:
    """Return A/A and A/B results on real predictions, A/A on real times, and the test's power."""
    found: dict[str, Any] = {"same": [], "better": []}
    for seed in range(2):
        equal = await _pair(train, unseen, embedder, (2_000, 2_000), seed)
        found["same"].append(_judged(equal, 0.5, seed))
        say(f"equal models: {found['same'][-1]['promoted']} of {_REPEATS} promoted")
        apart = await _pair(train, unseen, embedder, (1_400, 5_000), seed)
        old, new = apart.right()
        gain = float(new.mean() - old.mean())
        swap = (1 - _GAIN / gain) / 2 if gain > _GAIN else 0.0
        row = {"gain_between_the_two": gain, **_judged(apart, swap, seed)}
        found["better"].append(row)
        say(f"3 points apart: {row['promoted']} of {_REPEATS} promoted")
    found["times"] = await _noise(train, unseen, embedder)
    say(f"same model, real times: {found['times']['looked_faster']} looked faster")
    found["power"] = _power()
    return found
