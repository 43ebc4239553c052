"""Models of users: folders as sentence-transformers writes them; here a tiny model made by hand."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from classifiers.base import ClassifierSetupError
from classifiers.embedding.onnx_folder import OnnxFolderEmbedder

_WORDS = {"[PAD]": 0, "[UNK]": 1, "money": 2, "bug": 3, "ask": 4}


def model(folder: Path, pooling: str = "pooling_mode_mean_tokens") -> Path:
    """Return the folder of a model whose states are rows of a table of words."""
    (folder / "onnx").mkdir()
    (folder / "1_Pooling").mkdir()
    tokenizer = Tokenizer(WordLevel(_WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.array([[9, 9, 9], [0, 0, 1], [2, 0, 0], [0, 1, 0], [0, 0, 5]], np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "tiny",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "t"])],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["b", "t", 3])],
        [numpy_helper.from_array(table, "table")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    onnx.save(made, folder / "onnx" / "model.onnx")
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 3, pooling: True})
    )
    return folder


def test_tokens_are_pooled_without_the_padding_and_texts_keep_their_order(tmp_path: Path) -> None:
    embedder = OnnxFolderEmbedder(model(tmp_path))
    long, short = embedder.embed(["money bug money bug", "bug"])
    assert np.allclose(short, [0, 1, 0])
    assert np.allclose(long, np.array([2, 1, 0]) / np.sqrt(5))
    assert embedder.embed([]).shape == (0, 3)
    assert embedder.name.startswith(f"{tmp_path.name}-")


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("pooling_mode_cls_token", [1, 0, 0]), ("pooling_mode_max_tokens", [2, 1, 0])],
)
def test_pooling_is_as_the_model_says(tmp_path: Path, pooling: str, expected: list[int]) -> None:
    [found, _] = OnnxFolderEmbedder(model(tmp_path, pooling)).embed(["money bug", "bug bug bug"])
    assert np.allclose(found, np.array(expected) / np.linalg.norm(expected))


def test_prompt_and_longest_text_are_read(tmp_path: Path) -> None:
    folder = model(tmp_path, "pooling_mode_max_tokens")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 2}')
    (folder / "config_sentence_transformers.json").write_text(
        '{"prompts": {"query": "ask "}, "default_prompt_name": "query"}'
    )
    [found] = OnnxFolderEmbedder(folder).embed(["money bug"])
    assert np.allclose(found, np.array([2, 0, 5]) / np.sqrt(29))


@pytest.mark.parametrize(
    ("gone", "problem"),
    [
        ("onnx/model.onnx", r"has no onnx/model\.onnx"),
        ("tokenizer.json", r"has no readable tokenizer\.json"),
        ("1_Pooling/config.json", r"needs a 1_Pooling/config\.json"),
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, gone: str, problem: str) -> None:
    (model(tmp_path) / gone).unlink()
    with pytest.raises(ClassifierSetupError, match=rf"\[local\] embedder: .*{problem}"):
        OnnxFolderEmbedder(tmp_path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (model(tmp_path) / "onnx" / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ClassifierSetupError, match=r"unreadable model\.onnx"):
        OnnxFolderEmbedder(tmp_path)
    with pytest.raises(ClassifierSetupError, match="is not a folder"):
        OnnxFolderEmbedder(tmp_path / "nowhere")
