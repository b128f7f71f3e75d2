"""Text to vectors: all-MiniLM-L6-v2 on ONNX Runtime by default, an OpenAI-compatible endpoint by setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from coach.encoder.tokens import tokenizer
from coach.encoder.weights import GRAPH, Weights, build_graph, find_weights

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimension), each row of length 1, so a dot product is the cosine."""


class Reading(NamedTuple):
    """What one pass over one text gives: its meaning, and what each of its tokens means where it stands."""

    vector: Vectors
    """Shape (384,), of length 1."""
    meant: npt.NDArray[np.float32]
    """Shape (tokens, 384): what each token means where it stands."""


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
        return cls(open_session(_graph(find_weights(), cache)), tokenizer())

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order. Texts are run in groups of like length, so little is padded."""
        return self.embed_with_progress(texts, lambda done, total: None)

    def embed_with_progress(self, texts: Sequence[str], progress: Callable[[int, int], None]) -> Vectors:
        """As `embed`, calling `progress(done, total)` after each group."""
        vectors = np.empty((len(texts), 384), dtype=np.float32)
        for rows, (made,) in self._run(texts, ["vector"], progress):
            vectors[rows] = made
        return vectors

    def read(self, text: str) -> Reading:
        """Everything that one pass gives."""
        [(_, (vectors, meant))] = self._run([text], ["vector", "meant"])
        return Reading(vectors[0], meant[0])

    def tokens(self, text: str) -> list[str]:
        """The tokens of which a `Reading` has the states: word pieces, between two marks."""
        return list(self._tokenizer.encode(text).tokens)

    def _run(
        self, texts: Sequence[str], outputs: list[str], progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Iterator[tuple[list[int], list[Vectors]]]:
        """Run groups of texts of like length; yields the numbers of the texts of a group and what was asked for."""
        encoded = [item.ids for item in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        for start in range(0, len(order), 16):
            group = order[start : start + 16]
            width = max(len(encoded[i]) for i in group)
            ids = np.zeros((len(group), width), dtype=np.int64)
            mask = np.zeros((len(group), width), dtype=np.int64)
            for row, i in enumerate(group):
                ids[row, : len(encoded[i])] = encoded[i]
                mask[row, : len(encoded[i])] = 1
            yield group, cast("list[Vectors]", self._session.run(outputs, {"ids": ids, "mask": mask}))
            progress(min(start + 16, len(order)), len(order))


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


def open_session(graph: str | bytes) -> InferenceSession:
    """A graph, ready to run; given as the path of its file or as what the file holds."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    # Spinning threads would take the second core from the web server while nothing is asked.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return InferenceSession(graph, options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=2)
def minilm(cache: Path | None = None) -> MiniLM:
    """The process's one MiniLM."""
    return MiniLM.load(cache)


def _graph(weights: Weights, cache: Path | None) -> str | bytes:
    """The model to load: the graph kept in `cache` by an earlier start, else assembled anew and kept there."""
    kept = cache / f"all-MiniLM-L6-v2-{GRAPH}.onnx" if cache else None
    if kept and kept.is_file():
        return str(kept)
    data = cast("bytes", build_graph(weights).SerializeToString())
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(data)
        part.replace(kept)
    return data
