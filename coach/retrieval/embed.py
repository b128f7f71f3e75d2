"""Text to vectors: all-MiniLM-L6-v2 on ONNX Runtime by default, an OpenAI-compatible endpoint by setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import numpy.typing as npt

from coach.retrieval.weights import Weights, build_graph, find_weights

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimension), each row of length 1, so a dot product is the cosine."""

MAX_TOKENS = 256
"""What the model was trained to read; longer texts are cut there, as its authors do."""


class Embedder(Protocol):
    """What the index needs of an embedder. `name` is written into the index: another name means a rebuild."""

    name: str

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 at each text's own length: a short question costs some 6 to 12 ms on two cores."""

    name = "all-MiniLM-L6-v2"

    def __init__(self, session: InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, cache: Path | None = None) -> MiniLM:
        """Load the weights; `cache` is a folder that keeps the assembled graph for the next start.

        Raises:
            WeightsMissing: when no weights are installed.
        """
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        weights = find_weights()
        options = SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 2
        # Spinning threads would take the second core from the web server while nothing is asked.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = InferenceSession(_graph(weights, cache), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(weights.tokenizer))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return cls(session, tokenizer)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order. Texts are run in groups of like length, so little is padded."""
        return self.embed_with_progress(texts, lambda done, total: None)

    def embed_with_progress(self, texts: Sequence[str], progress: Callable[[int, int], None]) -> Vectors:
        """As `embed`, calling `progress(done, total)` after each group."""
        encoded = [item.ids for item in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        vectors = np.empty((len(encoded), 384), dtype=np.float32)
        names = [item.name for item in self._session.get_inputs()]
        for start in range(0, len(order), 16):
            group = order[start : start + 16]
            width = max(len(encoded[i]) for i in group)
            ids = np.zeros((len(group), width), dtype=np.int64)
            mask = np.zeros((len(group), width), dtype=np.int64)
            for row, i in enumerate(group):
                ids[row, : len(encoded[i])] = encoded[i]
                mask[row, : len(encoded[i])] = 1
            feed = {
                name: {"ids": ids, "input_ids": ids, "mask": mask, "attention_mask": mask}.get(name, ids * 0)
                for name in names
            }
            vectors[group] = _pooled(cast("npt.NDArray[np.float32]", self._session.run(None, feed)[0]), mask)
            progress(min(start + 16, len(order)), len(order))
        return vectors


class EndpointEmbedder:
    """An OpenAI-compatible embedding endpoint."""

    def __init__(self, model: str, base_url: str | None, api_key: str | None, timeout: float = 10.0) -> None:
        self.name = f"endpoint:{model}"
        self._model, self._base_url, self._api_key, self._timeout = model, base_url, api_key, timeout

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order; fifty texts a call."""
        from openai import OpenAI

        client = OpenAI(base_url=self._base_url, api_key=self._api_key or "none", timeout=self._timeout, max_retries=2)
        rows: list[list[float]] = []
        for start in range(0, len(texts), 50):
            answer = client.embeddings.create(model=self._model, input=list(texts[start : start + 50]))
            rows += [item.embedding for item in answer.data]
        vectors = np.asarray(rows, dtype=np.float32)
        return cast("Vectors", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@lru_cache(maxsize=2)
def minilm(cache: Path | None = None) -> MiniLM:
    """The process's one MiniLM."""
    return MiniLM.load(cache)


def _graph(weights: Weights, cache: Path | None) -> str | bytes:
    """The model to load: a ready file where there is one, else the assembled graph, kept in `cache`."""
    if not weights.safetensors.is_file():
        return str(weights.onnx)
    kept = cache / "all-MiniLM-L6-v2-1.onnx" if cache else None
    if kept and kept.is_file():
        return str(kept)
    data = cast("bytes", build_graph(weights).SerializeToString())
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(data)
        part.replace(kept)
    return data


def _pooled(output: npt.NDArray[np.float32], mask: npt.NDArray[np.int64]) -> Vectors:
    """Our graph pools by itself; Chroma's downloaded one gives a vector a token, pooled here."""
    if output.ndim == 2:
        return output
    weight = mask[:, :, None].astype(np.float32)
    mean = (output * weight).sum(axis=1) / weight.sum(axis=1)
    return cast("Vectors", mean / np.linalg.norm(mean, axis=1, keepdims=True))
