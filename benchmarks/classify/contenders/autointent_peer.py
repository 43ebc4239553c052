"""AutoIntent on MiniLM: its search over kNN and linear heads (preset classic-light)."""

import logging
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from autointent import Dataset, Pipeline
from autointent.configs import LoggingConfig, SentenceTransformerEmbeddingConfig

from benchmarks.classify.contender import Answer
from benchmarks.classify.contenders import weights


class AutoIntent:
    def __init__(self) -> None:
        logging.getLogger("autointent").setLevel(logging.ERROR)
        self._folder = tempfile.TemporaryDirectory()
        self._embedder = SentenceTransformerEmbeddingConfig(
            model_name=weights.folder(), use_cache=False, device="cpu"
        )

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        self._names = sorted(set(labels))
        assert min(Counter(labels).values()) > 1
        rows = [
            {"utterance": text, "label": self._names.index(label)}
            for text, label in zip(texts, labels, strict=True)
        ]
        pipeline = Pipeline.from_preset("classic-light", seed=1)
        pipeline.set_config(self._embedder)
        pipeline.set_config(
            LoggingConfig(project_dir=Path(self._folder.name), dump_modules=False, clear_ram=False)
        )
        pipeline.fit(Dataset.from_dict({"train": rows}), refit_after=True)
        self._pipeline = pipeline

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        found = self._pipeline.predict_with_metadata(list(texts)).utterances or []
        return [self._answer(one.prediction, one.score) for one in found]

    def _answer(self, decided: object, scores: list[float]) -> Answer:
        best = max(range(len(scores)), key=scores.__getitem__)
        return Answer(self._names[best], scores[best], scores[best], abstained=decided is None)
