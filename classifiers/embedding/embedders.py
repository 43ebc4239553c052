"""Make the embedder that triage.toml chooses."""

from pathlib import Path

from classifiers.base import Embedder
from classifiers.config import MINILM
from classifiers.embedding.minilm import MiniLmEmbedder
from classifiers.embedding.onnx_folder import OnnxFolderEmbedder

_MINILM_FROM = f"{MINILM}:"


def make_embedder(choice: str = MINILM, threads: int = 2) -> Embedder:
    """Return the embedder that `[local] embedder` chooses.

    Raise ClassifierSetupError if its files are missing or cannot be used.
    """
    if choice == MINILM:
        return MiniLmEmbedder(threads)
    if choice.startswith(_MINILM_FROM):
        weights = Path(choice.removeprefix(_MINILM_FROM)).expanduser()
        return MiniLmEmbedder(threads, weights=weights)
    return OnnxFolderEmbedder(Path(choice).expanduser(), threads)


def embedder_name(choice: str = MINILM) -> str:
    """Return the embedder's name without loading it."""
    ours = choice == MINILM or choice.startswith(_MINILM_FROM)
    return MiniLmEmbedder.name if ours else Path(choice).expanduser().name
