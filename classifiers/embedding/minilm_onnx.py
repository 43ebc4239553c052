"""Build an ONNX encoder with 8-bit weights from the float32 weights of a BERT model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Weights = Mapping[str, npt.NDArray[np.float32]]

_BLOCK = 32  # inputs that share a scale
_OPSET = 17
_IR = 9
_CONTRIB = "com.microsoft"  # onnxruntime's fused operators
_INPUTS = ("input_ids", "attention_mask")


@dataclass(frozen=True, slots=True)
class Shape:
    """Hyperparameters that weights do not contain.

    `heads` is the number of attention heads, `tokens` the maximum length of a text, and `taps` are
    the layers whose states are pooled.
    """

    heads: int
    tokens: int
    taps: tuple[int, ...]
    epsilon: float = 1e-12


def quantised(weight: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint8], Sequence[float]]:
    """Return 8-bit codes of shape (outputs, blocks, 32), where 128 is zero, and a scale per block.

    `weight` has shape (outputs, inputs), as in a safetensors file. A block is 32 inputs.
    """
    blocks = weight.reshape(len(weight), -1, _BLOCK)
    scales = np.abs(blocks).max(axis=2, keepdims=True) / np.float32(127)
    codes = np.round(blocks / np.maximum(scales, 1e-12)) + 128
    return codes.astype(np.uint8), scales.astype(np.float32).ravel()


@dataclass
class _Graph:
    weights: Weights
    shape: Shape
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def add(self, operator: str, inputs: Sequence[str], name: str, **more: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **more))
        return name

    def linear(self, value: str, layer: str) -> str:
        """Add the product with a layer's weight; the operator after it adds the bias."""
        weight = self.weights[f"{layer}.weight"]
        codes, scales = quantised(weight)
        outputs, inputs = weight.shape
        return self.add(
            "MatMulNBits",
            [
                value,
                self.constant(f"{layer}.codes", codes),
                self.constant(f"{layer}.scales", scales),
            ],
            f"{layer}.product",
            domain=_CONTRIB,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=4,  # compute in 8 bits too
        )

    def embeddings(self) -> str:
        """Add the normalised sum of word, position and token type embeddings.

        Words have 8 bits and a scale each.
        """
        table = self.weights["embeddings.word_embeddings.weight"]
        scales = np.abs(table).max(axis=1, keepdims=True) / np.float32(127)
        codes = np.round(table / np.maximum(scales, 1e-12)).astype(np.int8)
        code = self.add("Gather", [self.constant("words", codes), "input_ids"], "word codes")
        scale = self.add("Gather", [self.constant("scales", scales), "input_ids"], "word scales")
        code = self.add("Cast", [code], "word floats", to=TensorProto.FLOAT)
        word = self.add("Mul", [code, scale], "word")
        places = self.weights["embeddings.position_embeddings.weight"][: self.shape.tokens]
        kind = self.weights["embeddings.token_type_embeddings.weight"][0]
        length = self.add("Shape", ["input_ids"], "length", start=1, end=2)
        start = self.constant("start", np.array([0], np.int64))
        place = self.add("Slice", [self.constant("places", places + kind), start, length], "place")
        both = self.add("Add", [word, place], "embedded")
        norm = "embeddings.LayerNorm"
        return self.add(
            "LayerNormalization",
            [both, self.weight(f"{norm}.weight"), self.weight(f"{norm}.bias")],
            "layer 0",
            axis=-1,
            epsilon=self.shape.epsilon,
        )

    def _normalised(self, value: str, rest: str, layer: str, norm: str) -> str:
        inputs = [value, rest, self.weight(f"{norm}.weight"), self.weight(f"{norm}.bias")]
        return self.add(
            "SkipLayerNormalization",
            [*inputs, self.weight(f"{layer}.bias")],
            f"{norm}.out",
            domain=_CONTRIB,
            epsilon=self.shape.epsilon,
        )

    def layer(self, value: str, number: int) -> str:
        """Add a transformer block."""
        name = f"encoder.layer.{number}"
        projections = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        bias = np.concatenate([self.weights[f"{layer}.bias"] for layer in projections])
        seen = self.add(
            "MultiHeadAttention",
            [
                *(self.linear(value, layer) for layer in projections),
                self.constant(f"{name}.bias", bias),
                "seen",
            ],
            f"{name}.attended",
            domain=_CONTRIB,
            num_heads=self.shape.heads,
        )
        out = f"{name}.attention.output"
        value = self._normalised(
            self.linear(seen, f"{out}.dense"), value, f"{out}.dense", f"{out}.LayerNorm"
        )
        wide = f"{name}.intermediate.dense"
        wider = self.add(
            "BiasGelu",
            [self.linear(value, wide), self.weight(f"{wide}.bias")],
            f"{wide}.out",
            domain=_CONTRIB,
        )
        out = f"{name}.output"
        return self._normalised(
            self.linear(wider, f"{out}.dense"), value, f"{out}.dense", f"{out}.LayerNorm"
        )

    def pooled(self, value: str, number: int) -> str:
        """Add the mean over the tokens of a text, shape (texts, 1, dimensions)."""
        masked = self.add("Mul", [value, "mask"], f"masked {number}")
        total = self.add("ReduceSum", [masked, "over tokens"], f"total {number}", keepdims=1)
        return self.add("Div", [total, "count"], f"pooled {number}")


def encoder(weights: Weights, shape: Shape) -> ModelProto:
    """Return an ONNX model from token ids to the mean-pooled states of the layers `shape.taps`.

    Its output `pooled` has shape (texts, taps, dimensions). Layer 0 is the embedding layer.
    """
    graph = _Graph(weights, shape)
    graph.constant("over tokens", np.array([1], np.int64))
    last = graph.constant("last", np.array([2], np.int64))
    graph.add("Cast", ["attention_mask"], "seen", to=TensorProto.INT32)
    floats = graph.add("Cast", ["attention_mask"], "mask floats", to=TensorProto.FLOAT)
    graph.add("Unsqueeze", [floats, last], "mask")
    graph.add("ReduceSum", ["mask", "over tokens"], "count", keepdims=1)
    states = [graph.embeddings()]
    for number in range(max(shape.taps)):
        states.append(graph.layer(states[-1], number))
    pooled = [graph.pooled(states[tap], tap) for tap in shape.taps]
    graph.add("Concat", pooled, "pooled", axis=1)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
        for name in _INPUTS
    ]
    output = helper.make_tensor_value_info(
        "pooled", TensorProto.FLOAT, ["texts", len(shape.taps), None]
    )
    made = helper.make_graph(graph.nodes, "encoder", inputs, [output], graph.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
    model: ModelProto = helper.make_model(made, opset_imports=opsets)
    model.ir_version = _IR
    return model
