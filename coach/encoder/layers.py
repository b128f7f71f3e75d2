"""Layers of a BERT model as nodes of an ONNX graph.

Source of the architecture: the config.json of all-MiniLM-L6-v2 (12 heads of 32, post-norm, exact GELU).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

HIDDEN, HEADS, SIZE = 384, 12, 32
"""Width of a state; heads of the attention, and the width of each."""
EPSILON = 1e-12
OPSET, IR = 20, 10
"""Versions of the ONNX operators and of the file, which the installed runtime reads."""


class Assembly:
    """Nodes and constants of a graph in the making, by the names that the tensors have in the weights file."""

    def __init__(self, tensors: dict[str, npt.NDArray[Any]]) -> None:
        self._tensors = tensors
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._named: set[str] = set()

    def const(self, name: str, array: npt.NDArray[Any]) -> str:
        """A constant, kept once; its name."""
        from onnx import numpy_helper

        if name not in self._named:
            self._named.add(name)
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """One operator; the name of its output."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def dense(self, x: str, name: str, out: str) -> str:
        """A linear layer."""
        weight = self.const(f"{name}.weight", self._tensors[f"{name}.weight"].T)
        bias = self.const(f"{name}.bias", self._tensors[f"{name}.bias"])
        return self.op("Add", [self.op("MatMul", [x, weight], f"{out}.mm"), bias], out)

    def norm(self, x: str, name: str, out: str) -> str:
        """A layer norm."""
        scale, bias = (self.const(f"{name}.{part}", self._tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.op("LayerNormalization", [x, scale, bias], out, axis=-1, epsilon=EPSILON)

    def placed(self, ids: str, words: str) -> str:
        """The states that the first layer reads: what stands for each token, with what stands for its place.

        Args:
            ids: name of the numbers of the tokens, of shape (batch, tokens).
            words: name of what stands for them, of shape (batch, tokens, `HIDDEN`).
        """
        # Token types are all 0 here, so their one row is folded into the position table.
        places = self._tensors["embeddings.position_embeddings.weight"]
        positions = self.const("positions", places + self._tensors["embeddings.token_type_embeddings.weight"][0])
        zero, one, two = (self.const(name, np.array([at])) for at, name in enumerate(("zero", "one", "two")))
        length = self.op("Slice", [self.op("Shape", [ids], "shape"), one, two], "length")
        place = self.op("Slice", [positions, zero, length], "place")
        return self.norm(self.op("Add", [words, place], "embedded"), "embeddings.LayerNorm", "x0")

    def layer(self, x: str, number: int, bias: str | None = None) -> str:
        """One layer over states of shape (batch, tokens, `HIDDEN`); `bias` is added to the scores of the attention."""
        at, to = f"encoder.layer.{number}", f"l{number}"
        split = self.const("split", np.array([0, 0, HEADS, SIZE]))
        q, k, v = (
            self.op(
                "Transpose",
                [
                    self.op(
                        "Reshape",
                        [self.dense(x, f"{at}.attention.self.{part}", f"{to}.{part}"), split],
                        f"{to}.{part}.r",
                    )
                ],
                f"{to}.{part}.t",
                perm=perm,
            )
            for part, perm in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
        )
        scale = self.const("scale", np.array(1 / np.sqrt(SIZE), dtype=np.float32))
        scores = self.op("Mul", [self.op("MatMul", [q, k], f"{to}.qk"), scale], f"{to}.s")
        if bias:
            scores = self.op("Add", [scores, bias], f"{to}.sb")
        mixed = self.op("MatMul", [self.op("Softmax", [scores], f"{to}.p", axis=-1), v], f"{to}.pv")
        merge = self.const("merge", np.array([0, 0, HIDDEN]))
        merged = self.op("Reshape", [self.op("Transpose", [mixed], f"{to}.m", perm=[0, 2, 1, 3]), merge], f"{to}.mr")
        attended = self.op("Add", [x, self.dense(merged, f"{at}.attention.output.dense", f"{to}.o")], f"{to}.res1")
        x = self.norm(attended, f"{at}.attention.output.LayerNorm", f"{to}.n1")
        wide = self.op("Gelu", [self.dense(x, f"{at}.intermediate.dense", f"{to}.i")], f"{to}.g")
        out = self.op("Add", [x, self.dense(wide, f"{at}.output.dense", f"{to}.d")], f"{to}.res2")
        return self.norm(out, f"{at}.output.LayerNorm", f"{to}.n2")


__all__ = ["EPSILON", "HEADS", "HIDDEN", "IR", "OPSET", "SIZE", "Assembly"]
