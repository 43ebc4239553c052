"""An embedder for a sentence-transformers model that was exported to ONNX."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf
from tokenizers import Tokenizer

from classifiers.base import ClassifierSetupError, Vectors
from classifiers.text import well_formed

_ONNX = ("onnx/model.onnx", "model.onnx")
_POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}
_TOKENS_MAX = 512
_CHARACTERS_MAX = 16_000
_BATCH = 8  # texts; onnxruntime keeps the memory of its largest batch
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


class OnnxFolderEmbedder:
    """Embeds texts with the model in `folder`; runs no code from it.

    Required files are `onnx/model.onnx` (or `model.onnx`), `tokenizer.json` and
    `1_Pooling/config.json`. Optional are `sentence_bert_config.json`, which has the maximum number
    of tokens, and `config_sentence_transformers.json`, which has the default prompt. Raises
    ClassifierSetupError if a required file is missing or a file cannot be read.
    """

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self._folder = folder
        if not folder.is_dir():
            raise self._wrong('is not a folder. Set "minilm" or the path of a model\'s folder.')
        path = next((folder / name for name in _ONNX if (folder / name).is_file()), None)
        if path is None:
            raise self._wrong("has no onnx/model.onnx. Export the model to ONNX.")
        self._pooling = self._pooled_by()
        self._prompt = self._default_prompt()
        self._tokenizer = self._tokens()
        self._session = self._opened(path, threads)
        self._inputs = {node.name for node in self._session.get_inputs()}
        if unknown := self._inputs - _INPUTS:
            raise self._wrong(
                f"is not a text encoder: it has the inputs {', '.join(sorted(unknown))}. Choose a "
                "sentence-transformers model."
            )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.name = f"{folder.name}-{digest[:6]}"

    def _wrong(self, problem: str) -> ClassifierSetupError:
        return ClassifierSetupError(f"[local] embedder: {self._folder} {problem}")

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self._folder / name).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._wrong(f"has an unreadable {name}: {error}") from None
        return found if isinstance(found, dict) else {}

    def _pooled_by(self) -> str:
        config = self._json("1_Pooling/config.json")
        modes = [name for name, on in config.items() if name.startswith("pooling_mode") and on]
        if len(modes) != 1 or modes[0] not in _POOLINGS:
            raise self._wrong(
                "needs a 1_Pooling/config.json with exactly one of "
                f"{', '.join(sorted(_POOLINGS))} set to true."
            )
        return _POOLINGS[modes[0]]

    def _default_prompt(self) -> str:
        config = self._json("config_sentence_transformers.json")
        prompts = config.get("prompts") or {}
        return str(prompts.get(config.get("default_prompt_name")) or "")

    def _tokens(self) -> Tokenizer:
        try:
            tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:  # noqa: BLE001 - tokenizers raises nothing narrower
            raise self._wrong(f"has no readable tokenizer.json: {error}") from None
        longest = self._json("sentence_bert_config.json").get("max_seq_length") or _TOKENS_MAX
        padding = tokenizer.padding or {}
        names = {name: tokenizer.token_to_id(name) for name in ("[PAD]", "<pad>")}
        token, number = next(((key, id_) for key, id_ in names.items() if id_ is not None), ("", 0))
        tokenizer.enable_truncation(min(int(longest), _TOKENS_MAX))
        tokenizer.enable_padding(
            pad_id=padding.get("pad_id", number), pad_token=padding.get("pad_token", token)
        )
        return tokenizer

    def _opened(self, path: Path, threads: int) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # shared cores
        try:
            return onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except (Fail, InvalidGraph, InvalidProtobuf) as error:
            raise self._wrong(f"has an unreadable {path.name}: {error}") from None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, float32, shape (len(texts), dimensions of the model)."""
        places = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        parts = [
            self._batch([texts[place] for place in places[start : start + _BATCH]])
            for start in range(0, len(places), _BATCH)
        ]
        if not parts:
            return self._batch([""])[:0]
        vectors = np.vstack(parts)
        vectors[places] = vectors.copy()
        return vectors

    def _batch(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(
            [self._prompt + well_formed(text[:_CHARACTERS_MAX]) for text in texts]
        )
        mask = np.array([text.attention_mask for text in encoded], dtype=np.int64)
        given = {
            "input_ids": np.array([text.ids for text in encoded], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        states = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        pooled = states if states.ndim == 2 else self._pooled(states, mask)  # noqa: PLR2004 - a row per text
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        unit: Vectors = (pooled / np.maximum(norms, 1e-9)).astype(np.float32)
        return unit

    def _pooled(self, states: Vectors, mask: Any) -> Vectors:
        seen = mask[:, :, None]
        found: Vectors
        if self._pooling == "cls":
            found = states[:, 0]
        elif self._pooling == "max":
            found = np.where(seen > 0, states, -np.inf).max(axis=1)
        else:
            found = (states * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        return found
