"""The network of the classifier: the language model, taught anew, and linear layers over what it makes of the tokens.

The model that the search runs was taught likeness of subject; this copy of it is taught which words in which place are
danger, and who speaks. What counts is what the strongest token says, and the mean. Afterwards its weights are whole
numbers of seven bits, so that it takes less than half the time of the other and gives the same on every processor.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy, dropout

from coach.encoder.layers import EPSILON, HEADS, HIDDEN, IR, OPSET, Assembly
from coach.encoder.tokens import MAX_TOKENS
from coach.encoder.weights import LAYERS, find_weights

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Ids = Sequence[list[int]]
"""The numbers of the tokens of every message."""

ROUNDS, GROUP = 4, 64
"""Times that every message is shown, and messages a step."""
RATE, OUT_RATE, DECAY, SMOOTHING, STEEPEST = 1.5e-4, 2e-3, 0.01, 0.05, 1.0
"""Highest rates of learning of the language model and of the linear layers over it, and what keeps them in bounds."""
ROLE_SHARE = 0.5
"""What a mistake about who speaks counts beside one about the kind."""
HARMLESS = -100
"""In place of the role of a message that is only coached: who speaks there changes nothing and is not learned."""
DROPPED, DROPPED_OUT = 0.1, 0.2
"""Shares of the values inside the language model and of the pooled ones left out at random while learning."""
_PARTS = {
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
"""Tensors of a layer as the weights file names them, and as PyTorch does."""


class Network(torch.nn.Module):  # type: ignore[misc,unused-ignore]  # where PyTorch is not installed
    """Fitted on messages; afterwards a graph and plain arrays."""

    def __init__(self, ids: Ids, kinds: Numbers, roles: Numbers, classes: tuple[int, int], seed: int = 1) -> None:
        """Fit.

        Args:
            ids: the messages.
            kinds: the number of the kind of each.
            roles: the number of the role of each, or `HARMLESS`.
            classes: how many kinds and how many roles there are.
            seed: of chance.
        """
        from safetensors.torch import load_file

        super().__init__()
        torch.manual_seed(seed)
        of = load_file(find_weights().safetensors)
        places = of["embeddings.position_embeddings.weight"] + of["embeddings.token_type_embeddings.weight"][0]
        self.words = torch.nn.Embedding(*of["embeddings.word_embeddings.weight"].shape)
        self.words.load_state_dict({"weight": of["embeddings.word_embeddings.weight"]})
        self.places = torch.nn.Embedding(*places.shape)
        self.places.load_state_dict({"weight": places})
        self.norm = torch.nn.LayerNorm(HIDDEN, eps=EPSILON)
        self.norm.load_state_dict({kind: of[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias")})
        self.layers = torch.nn.ModuleList(_layer(of, number) for number in range(LAYERS))
        self.kind, self.role = (torch.nn.Linear(2 * HIDDEN, many) for many in classes)
        for head in (self.kind, self.role):
            torch.nn.init.zeros_(head.weight)
            torch.nn.init.zeros_(head.bias)
        self._fit(ids, torch.from_numpy(kinds), torch.from_numpy(roles), np.random.default_rng(seed))

    def _fit(self, ids: Ids, kinds: torch.Tensor, roles: torch.Tensor, chance: np.random.Generator) -> None:
        lengths = np.array([len(one) for one in ids])
        steps = ROUNDS * (-(-len(ids) // GROUP))
        matrices = [one for one in self.layers.parameters() if one.ndim > 1]
        others = [one for one in self.layers.parameters() if one.ndim == 1]
        others += [*self.words.parameters(), *self.places.parameters(), *self.norm.parameters()]
        optimiser = torch.optim.AdamW(
            [
                {"params": matrices, "lr": RATE, "weight_decay": DECAY},
                {"params": others, "lr": RATE, "weight_decay": 0.0},
                {"params": [*self.kind.parameters(), *self.role.parameters()], "lr": OUT_RATE, "weight_decay": DECAY},
            ],
            fused=True,
        )
        pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, RATE, OUT_RATE], total_steps=steps, pct_start=0.1)
        self.train()
        for _ in range(ROUNDS):
            # Messages of like length go together, so that little is padded; which ones, chance decides.
            order = np.argsort(lengths + chance.uniform(-8, 8, len(lengths)))
            groups = [order[start : start + GROUP] for start in range(0, len(order), GROUP)]
            chance.shuffle(groups)
            for group in groups:
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    pooled = dropout(self._pooled([ids[row] for row in group]), DROPPED_OUT)
                    by_kind, by_role = self.kind(pooled), self.role(pooled)
                loss = cross_entropy(by_kind.float(), kinds[group], label_smoothing=SMOOTHING)
                about_roles = cross_entropy(by_role.float(), roles[group], ignore_index=HARMLESS, reduction="sum")
                loss += ROLE_SHARE * about_roles / len(group)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call,unused-ignore]  # PyTorch leaves it untyped
                torch.nn.utils.clip_grad_norm_(self.parameters(), STEEPEST)
                optimiser.step()
                pace.step()
        self.eval()

    def kinds(self, ids: Ids) -> Numbers:
        """The likeliest kind of each message, before the weights become whole numbers."""
        with torch.no_grad():
            return np.array([int(self.kind(self._pooled([one])).argmax()) for one in ids])

    def _pooled(self, some: Ids) -> torch.Tensor:
        longest = max(len(one) for one in some)
        padded = torch.tensor([one + [0] * (longest - len(one)) for one in some])
        inside = torch.tensor([[True] * len(one) + [False] * (longest - len(one)) for one in some])
        tokens = self.norm(self.words(padded) + self.places.weight[:longest])
        tokens = dropout(tokens, DROPPED, self.training)
        for layer in self.layers:
            tokens = layer(tokens, src_key_padding_mask=~inside)
        tokens, inside = tokens.float(), inside[:, :, None]
        highest = tokens.masked_fill(~inside, -torch.inf).max(dim=1).values
        return torch.cat([highest, (tokens * inside).sum(dim=1) / inside.sum(dim=1)], dim=1)

    def graph(self) -> bytes:
        """The language model as taught, as an ONNX model of whole numbers.

        Input `ids`, int64 of shape (1, tokens); output `pooled`, float32 of shape (1, 2 * `HIDDEN`), the highest and
        the mean over the tokens.
        """
        from onnx import TensorProto, helper, save
        from onnxruntime.quantization import QuantType, quantize_dynamic

        made = Assembly(dict(self._tensors()))
        x = made.placed("ids", _rows(made, self.words.weight.detach().numpy()))
        for number in range(LAYERS):
            x = made.layer(x, number)
        over = made.const("over", np.array([1]))
        pooled = [made.op(kind, [x, over], kind, keepdims=0) for kind in ("ReduceMax", "ReduceMean")]
        made.op("Concat", pooled, "pooled", axis=1)
        graph = helper.make_graph(
            made.nodes,
            "guard",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])],
            [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, [1, 2 * HIDDEN])],
            made.constants,
        )
        with tempfile.TemporaryDirectory() as folder:
            exact, whole = Path(folder) / "exact.onnx", Path(folder) / "whole.onnx"
            save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR), exact)
            # Seven bits and not eight: with eight, processors without the newest instructions overflow.
            quantize_dynamic(
                exact,
                whole,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
            )
            return whole.read_bytes()

    def _tensors(self) -> Iterator[tuple[str, Floats]]:
        """The tensors by the names of the weights file, but for the words."""
        yield "embeddings.position_embeddings.weight", self.places.weight.detach().numpy()[:MAX_TOKENS]
        yield "embeddings.token_type_embeddings.weight", np.zeros((1, HIDDEN), dtype=np.float32)
        for kind, norm in self.norm.state_dict().items():
            yield f"embeddings.LayerNorm.{kind}", norm.numpy()
        for number, layer in enumerate(self.layers):
            of = {name: one.numpy() for name, one in layer.state_dict().items()}
            at = f"encoder.layer.{number}"
            for kind in ("weight", "bias"):
                thirds = np.split(of[f"self_attn.in_proj_{kind}"], 3)
                for name, third in zip(("query", "key", "value"), thirds, strict=True):
                    yield f"{at}.attention.self.{name}.{kind}", third
                for ours, theirs in _PARTS.items():
                    yield f"{at}.{ours}.{kind}", of[f"{theirs}.{kind}"]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What `coach.safety.classifier` reads of it."""
        return {
            "network": np.frombuffer(self.graph(), dtype=np.uint8),
            "out": self.kind.weight.detach().numpy().T,
            "out_offset": self.kind.bias.detach().numpy(),
            "role": self.role.weight.detach().numpy().T,
            "role_offset": self.role.bias.detach().numpy(),
        }


def _layer(tensors: dict[str, torch.Tensor], number: int) -> torch.nn.TransformerEncoderLayer:
    """A layer of the language model as it was taught before."""
    at = f"encoder.layer.{number}"
    of = {
        f"{theirs}.{kind}": tensors[f"{at}.{ours}.{kind}"]
        for ours, theirs in _PARTS.items()
        for kind in ("weight", "bias")
    }
    for kind in ("weight", "bias"):
        thirds = [tensors[f"{at}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
        of[f"self_attn.in_proj_{kind}"] = torch.cat(thirds)
    layer = torch.nn.TransformerEncoderLayer(
        HIDDEN, HEADS, 4 * HIDDEN, DROPPED, "gelu", layer_norm_eps=EPSILON, batch_first=True
    )
    layer.load_state_dict(of)
    # As BERT was taught: nothing is left out between the two halves of a layer's widening.
    layer.dropout.p = 0.0
    return layer


def _rows(made: Assembly, words: Floats) -> str:
    """What stands for each token, out of a table of whole numbers with a measure a row; the name of it."""
    from onnx import TensorProto

    measures = np.abs(words).max(axis=1, keepdims=True) / 127
    table = made.const("words", np.rint(words / measures).astype(np.int8))
    whole = made.op("Cast", [made.op("Gather", [table, "ids"], "words.whole")], "words.cast", to=TensorProto.FLOAT)
    measure = made.op("Gather", [made.const("measures", measures.astype(np.float32)), "ids"], "words.measure")
    return made.op("Mul", [whole, measure], "words.out")
