"""The default embedder: all-MiniLM-L6-v2 on the CPU, with weights checked by SHA-256."""

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnxruntime
import platformdirs
from tokenizers import Tokenizer

from classifiers.base import Vectors
from classifiers.embedding.weights import SAFETENSORS_SHA256, load_tokenizer, load_weights
from classifiers.text import well_formed

_TOKENS_MAX = 128
_CHARACTERS_MAX = 4_000
_BATCH = 8
"""Texts in a batch. onnxruntime keeps the memory of its largest batch: 30 MB with 8 long texts, 119
MB with 32."""
_HEADS = 12
_TAPS = (6, 3)  # the last layer encodes the sentence, the middle layer more of its words
_SHARES = np.array([1.0, 0.7], dtype=np.float32)  # weights of the two layers
_DIGEST = hashlib.sha256().digest_size
_BUILD = "minilm-8bit-1"  # increment if `_build` changes: part of names of files and versions


def _build(weights: Path | None) -> bytes:
    """Build the encoder's file from the checked weights, in a few seconds."""
    from classifiers.embedding.minilm_onnx import Shape, encoder  # noqa: PLC0415 - at first start

    model = encoder(load_weights(weights), Shape(_HEADS, _TOKENS_MAX, _TAPS))
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _session(content: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Waiting threads that spin take the core from working threads, above all on one core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _kept(folder: Path) -> Path:
    return folder / f"{_BUILD}-{SAFETENSORS_SHA256[:12]}.checked-onnx"


def _keep(path: Path, content: bytes) -> None:
    """Write the model and its digest for the next start, which rebuilds it if this fails."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(content).digest() + content)
        Path(file.name).replace(path)


def _intact(path: Path) -> bytes | None:
    """Return the model that an earlier start kept, or None if it is missing or was changed."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:_DIGEST], stored[_DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else None


def _encoder(folder: Path, threads: int, weights: Path | None) -> onnxruntime.InferenceSession:
    path = _kept(folder)
    content = _intact(path)
    if content is None:
        content = _build(weights)
        _keep(path, content)
    return _session(content, threads)


class MiniLmEmbedder:
    """Embeds the first 128 tokens of a text in 768 dimensions.

    A vector concatenates the mean-pooled states of the last layer and, with weight 0.7, of the
    middle layer. The model file is built from the weights at the first start and kept with its
    digest in `folder`, by default in the user's cache. `weights` is the folder of the weights; by
    default all known sources are searched.
    """

    name = f"{_BUILD}-{SAFETENSORS_SHA256[:6]}"

    def __init__(
        self, threads: int = 2, folder: Path | None = None, weights: Path | None = None
    ) -> None:
        folder = folder or platformdirs.user_cache_path("support-triage")
        self._session = _encoder(folder, threads, weights)
        self._tokenizer = Tokenizer.from_buffer(load_tokenizer(weights))
        self._tokenizer.enable_truncation(_TOKENS_MAX)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, float32, shape (len(texts), 768)."""
        vectors = np.zeros((len(texts), 768), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            batch = [well_formed(texts[place][:_CHARACTERS_MAX]) for place in places]
            vectors[places] = self._batch(batch)
        return vectors

    def _batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        given = {
            "input_ids": np.array([text.ids for text in encoded], dtype=np.int64),
            "attention_mask": np.array([text.attention_mask for text in encoded], dtype=np.int64),
        }
        [states] = self._session.run(None, given)
        states /= np.linalg.norm(states, axis=2, keepdims=True)
        states *= (_SHARES / np.linalg.norm(_SHARES))[:, None]
        unit: Vectors = states.reshape(len(texts), -1)
        return unit
