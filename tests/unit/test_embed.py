"""The assembled graph is the published model: it agrees with a plain NumPy reading of the same weights."""

from __future__ import annotations

import json
from math import erf
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from coach.encoder import weights as weights_module
from coach.encoder.embed import MiniLM
from coach.encoder.weights import SHA256, find_weights
from coach.errors import WeightsMissing

TEXTS = ["I feel alone next to him.", "how do we talk", "A recipe for apple pie, please! " * 30, "x"]


def reference(text: str) -> np.ndarray:
    """One text through the model, step by step, without ONNX."""
    weights = find_weights()
    t = load_file(weights.safetensors)
    config = json.loads((weights.folder / "config.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(weights.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    ids = tokenizer.encode(text).ids
    heads, eps = config["num_attention_heads"], config["layer_norm_eps"]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * t[f"{name}.weight"] + t[f"{name}.bias"]

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]

    x = t["embeddings.word_embeddings.weight"][ids] + t["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + t["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{layer}"
        q, k, v = (
            dense(x, f"{at}.attention.self.{part}").reshape(len(ids), heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(x + dense(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        wide = dense(x, f"{at}.intermediate.dense")
        wide = 0.5 * wide * (1 + np.vectorize(erf)(wide / np.sqrt(2)))
        x = norm(x + dense(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def test_vectors_agree_with_the_reference_alone_and_in_a_group() -> None:
    model = MiniLM.load()
    together = model.embed(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        np.testing.assert_allclose(row, reference(text), atol=2e-6)
        np.testing.assert_allclose(row, model.embed([text])[0], atol=2e-6)


def test_the_graph_is_kept_for_the_next_start(tmp_path: Path) -> None:
    first = MiniLM.load(tmp_path).embed(["hello"])
    [kept] = tmp_path.glob("*.onnx")
    before = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(MiniLM.load(tmp_path).embed(["hello"]), first)
    assert kept.stat().st_mtime_ns == before


def test_the_weights_are_the_published_ones() -> None:
    assert find_weights().sha256() == SHA256


def test_without_weights_the_sentence_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_module, "PACKAGE", "no_such_package_here")
    with pytest.raises(WeightsMissing, match="coach setup"):
        find_weights()
