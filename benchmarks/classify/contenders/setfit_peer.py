"""SetFit on the CPU: MiniLM trained by contrast of pairs, then a logistic regression."""

import os
from collections.abc import Sequence

import datasets
from setfit import SetFitModel, Trainer, TrainingArguments

from benchmarks.classify.contender import Answer
from benchmarks.classify.contenders import weights

STEPS = int(os.environ.get("BENCH_SETFIT_STEPS", "300"))
_PAIRS = 16


class SetFit:
    note = f"trained for at most {STEPS} steps of {_PAIRS} pairs"

    def __init__(self) -> None:
        datasets.disable_progress_bars()
        self._model = SetFitModel.from_pretrained(weights.folder())

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        self._model = SetFitModel.from_pretrained(weights.folder())  # discard earlier training
        names = sorted(set(labels))
        self._names = names
        rows = {"text": list(texts), "label": [names.index(one) for one in labels]}
        arguments = TrainingArguments(
            batch_size=_PAIRS,
            max_steps=STEPS,
            sampling_strategy="unique",
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
            seed=0,
        )
        trainer = Trainer(self._model, arguments, train_dataset=datasets.Dataset.from_dict(rows))
        trainer.train()

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        shares = self._model.predict_proba(list(texts), as_numpy=True)
        classes = self._model.model_head.classes_
        return [
            Answer(self._names[classes[row.argmax()]], float(row.max()), float(row.max()))
            for row in shares
        ]
