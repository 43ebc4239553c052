"""What every contender does, and which there are."""

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
    """What a contender says of one text; `confidence` is None where it has none to give.

    `known` is how much the text looks like something it knows: higher for known ones.
    """

    label: str | None
    confidence: float | None
    known: float | None
    abstained: bool = False
    usage: Usage = field(default_factory=Usage)


class Contender(Protocol):
    """Made once, then fitted, then asked; its construction is what its start costs."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn from labelled texts; what it had learnt before is forgotten."""
        ...

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        """Answer each text."""
        ...


PEERS = Path(".benchmarks/peers/bin/python")
AUTOINTENT = Path(".benchmarks/autointent/bin/python")


@dataclass(frozen=True)
class Entry:
    """A contender by name: where it stands, what it is, and the Python that it runs on."""

    name: str
    target: str  # module:class, below benchmarks.classify.contenders
    note: str
    python: Path = PEERS
    asks_llm: bool = False

    def left_out(self) -> str | None:
        """Why it cannot run here; None where it can."""
        if not self.python.exists():
            return f"its environment is missing: make {self.python.parent.parent}/.ready"
        if self.asks_llm and not {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & set(os.environ):
            return "neither OPENAI_API_KEY nor OPENAI_BASE_URL is set"
        return None

    def make(self) -> Contender:
        """Import and construct it: slow, and meant to be measured."""
        module, _, name = self.target.partition(":")
        found = importlib.import_module(f"benchmarks.classify.contenders.{module}")
        made: Callable[[], Contender] = getattr(found, name)
        return made()


_HERE = Path(sys.executable)
ENTRIES = (
    Entry("local", "ours:Local", "ours, fitted to every correction", _HERE),
    Entry("local, tuned", "ours:Tuned", "ours after `triage train local`, tuning included", _HERE),
    Entry("few-shot", "ours:FewShot", "ours, a model is asked", _HERE, asks_llm=True),
    Entry("cascade", "ours:Cascade", "ours, local and then a model", _HERE, asks_llm=True),
    Entry("TF-IDF + LR", "classic:TfIdf", "words 1-2 and char_wb 2-5, logistic regression"),
    Entry("kNN", "classic:Nearest", "MiniLM int8, 5 nearest by cosine, votes by similarity"),
    Entry("SetFit", "setfit_peer:SetFit", "MiniLM float32 trained on pairs, in bounded steps"),
    Entry(
        "semantic-router", "semantic_router_peer:Router", "MiniLM int8, calibrated as it advises"
    ),
    Entry("fast-intent-classifier", "fast_intent_peer:FastIntent", "MiniLM int8, label centroids"),
    Entry(
        "autointent",
        "autointent_peer:AutoIntent",
        "MiniLM float32, preset classic-light",
        AUTOINTENT,
    ),
)
