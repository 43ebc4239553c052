"""all-MiniLM-L6-v2 as an int8 ONNX file, for contenders that accept an embedding function."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from benchmarks.classify.contenders import weights

_TOKENS_MAX = 128
_CHARACTERS_MAX = 4_000
_BATCH = 32


class Embedder:
    """Unit vectors, float32, mean-pooled over the first 128 tokens."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(weights.INT8.file("model.onnx")), options)
        self._tokenizer = Tokenizer.from_file(str(weights.FLOAT32.file("tokenizer.json")))
        self._tokenizer.enable_truncation(_TOKENS_MAX)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = self._batch([texts[place][:_CHARACTERS_MAX] for place in places])
        return vectors

    def _batch(self, texts: list[str]) -> np.ndarray:
        encoded = self._tokenizer.encode_batch(texts)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        fed = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        names = {one.name for one in self._session.get_inputs()}
        states = self._session.run(None, {name: fed[name] for name in fed if name in names})[0]
        if states.ndim == 3:
            seen = mask[:, :, None].astype(np.float32)
            states = (states * seen).sum(axis=1) / seen.sum(axis=1)
        return states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-9)
