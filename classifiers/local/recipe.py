"""The recipe of a local model: the choices of a training run, which are stored and promoted."""

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
    """The hyperparameters of the head; the defaults are used before tuning.

    `c` is the inverse strength of the L2 penalty. `phrase_weight` is the weight of a label's name
    and of a part of its description, relative to an example.
    """

    c: float = 45.0
    phrase_weight: float = 0.5

    def to_bytes(self) -> bytes:
        """Return the recipe as an npz archive for `from_bytes`."""
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
        """Return the recipe in an archive of `to_bytes`; raise ClassifierSetupError if invalid."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                found = {name: float(archive[name]) for name in ("format", "c", "phrase_weight")}
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ClassifierSetupError(
                f"not a recipe of the local classifier: {error}. Train again."
            ) from None
        if found.pop("format") != _FORMAT:
            raise ClassifierSetupError("the recipe is of another version. Train again.")
        if not all(np.isfinite(value) and value > 0 for value in found.values()):
            raise ClassifierSetupError("the recipe has invalid numbers. Train again.")
        return cls(**found)


def tune(examples: Sequence[Example], label_set: LabelSet, embedder: Embedder) -> Recipe:
    """Return the recipe with the best cross-validation on `examples`, or the default with too few.

    The criterion is the log-loss after calibration: a low loss means well-ranked confidence, and
    so the highest coverage at any target precision.
    """
    one_blas_thread()
    known = phrases(label_set, embedder)
    taught = embedder.embed([example.text for example in examples])
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
