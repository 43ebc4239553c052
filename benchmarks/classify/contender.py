"""The interface of contenders, and the list of them."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from classifiers.base import Usage


@dataclass(frozen=True)
class Answer:
    """A contender's prediction for a text; `confidence` is None if it has none.

    `known` is higher for texts that belong to a known label.
    """

    label: str | None
    confidence: float | None
    known: float | None
    abstained: bool = False
    usage: Usage = field(default_factory=Usage)


class Contender(Protocol):
    """A classifier to compare; its construction counts as start time."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn from labelled texts, and forget earlier ones."""
        ...

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        """Return an answer for each text."""
        ...


PEERS = Path(".benchmarks/peers/bin/python")
AUTOINTENT = Path(".benchmarks/autointent/bin/python")


@dataclass(frozen=True)
class Entry:
    """A contender: its name, class and description, and the Python interpreter it runs on."""

    name: str
    target: str  # module:class in benchmarks.classify.contenders
    note: str
    python: Path = PEERS
    asks_llm: bool = False

    def left_out(self) -> str | None:
        """Return why it cannot run here, or None."""
        if not self.python.exists():
            return f"its environment is missing: run make {self.python.parent.parent}/.ready"
        if self.asks_llm and not {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & set(os.environ):
            return "neither OPENAI_API_KEY nor OPENAI_BASE_URL is set"
        return None

    def make(self) -> Contender:
        """Import and construct the contender: slow, and part of the measurement."""
        module, _, name = self.target.partition(":")
        found = importlib.import_module(f"benchmarks.classify.contenders.{module}")
        made: Callable[[], Contender] = getattr(found, name)
        return made()


_HERE = Path(sys.executable)
ENTRIES = (
    Entry("local", "ours:Local", "ours, refitted after each correction", _HERE),
    Entry("local, tuned", "ours:Tuned", "ours after `triage train local`, tuning included", _HERE),
    Entry("few-shot", "ours:FewShot", "ours, an LLM with examples", _HERE, asks_llm=True),
    Entry("cascade", "ours:Cascade", "ours, local first, then an LLM", _HERE, asks_llm=True),
    Entry("TF-IDF + LR", "classic:TfIdf", "words 1-2 and char_wb 2-5, logistic regression"),
    Entry("kNN", "classic:Nearest", "MiniLM int8, 5 nearest by cosine, votes by similarity"),
    Entry("SetFit", "setfit_peer:SetFit", "MiniLM float32 trained on pairs, bounded steps"),
    Entry(
        "semantic-router",
        "semantic_router_peer:Router",
        "MiniLM int8, calibrated as its manual advises",
    ),
    Entry("fast-intent-classifier", "fast_intent_peer:FastIntent", "MiniLM int8, label centroids"),
    Entry(
        "autointent",
        "autointent_peer:AutoIntent",
        "MiniLM float32, preset classic-light",
        AUTOINTENT,
    ),
)
