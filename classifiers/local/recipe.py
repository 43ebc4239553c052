"""What a local training run chooses, apart from the examples: kept, compared and promoted."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifiers.base import ClassifierSetupError, Embedder, Example, LabelSet
from classifiers.local.blas import one_blas_thread
from classifiers.local.crossvalidation import held_out
from classifiers.local.training_set import phrases, training

_FORMAT = 1
_CANDIDATES = (15.0, 45.0, 150.0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The choices of one training run; the defaults are those before anything was tuned.

    `c` is the inverse strength of the head's L2 penalty, `phrase_weight` what a label's name and
    a part of its description count beside an example.
    """

    c: float = 45.0
    phrase_weight: float = 0.5

    def to_bytes(self) -> bytes:
        """The recipe as an npz archive, to be read by `from_bytes`."""
        file = io.BytesIO()
        np.savez(
            file,
            format=np.array(_FORMAT),
            c=np.array(self.c),
            phrase_weight=np.array(self.phrase_weight),
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Recipe":
        """Read what `to_bytes` wrote; ClassifierSetupError where it is anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                found = {name: float(archive[name]) for name in ("format", "c", "phrase_weight")}
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ClassifierSetupError(f"not a recipe of the local classifier: {error}") from None
        if found.pop("format") != _FORMAT:
            raise ClassifierSetupError("a recipe of another version: train again")
        if not all(np.isfinite(one) and one > 0 for one in found.values()):
            raise ClassifierSetupError("a recipe with numbers that are none: train again")
        return cls(**found)


def tune(examples: Sequence[Example], label_set: LabelSet, embedder: Embedder) -> Recipe:
    """The recipe that cross-validation on `examples` likes best; the default with too few.

    Of all candidates the one with the lowest log-loss after calibration is taken: it ranks
    confidence well, and so covers most at any target precision.
    """
    one_blas_thread()
    known = phrases(label_set, embedder)
    taught = embedder.embed([one.text for one in examples])
    best, least = Recipe(), float("inf")
    material = training(known, label_set, examples, taught, best.phrase_weight)
    for c in _CANDIDATES:
        found = held_out(material, c)
        if found is None:
            return Recipe()
        _, loss = found.weights()
        if loss < least:
            best, least = replace(Recipe(), c=c), loss
    return best
