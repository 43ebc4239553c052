"""The embedder that triage.toml asks for."""

from pathlib import Path

from support_triage.classifiers.base import Embedder
from support_triage.classifiers.embedder import MiniLmEmbedder
from support_triage.classifiers.local_config import MINILM
from support_triage.classifiers.onnx_folder import OnnxFolderEmbedder


def make_embedder(choice: str = MINILM, threads: int = 2) -> Embedder:
    """The embedder of `[local] embedder`; ClassifierSetupError says what is wrong with it."""
    if choice == MINILM:
        return MiniLmEmbedder(threads)
    return OnnxFolderEmbedder(Path(choice).expanduser(), threads)


def embedder_name(choice: str = MINILM) -> str:
    """What it is called, without loading it."""
    return MiniLmEmbedder.name if choice == MINILM else Path(choice).expanduser().name
