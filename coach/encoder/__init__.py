"""Text to numbers: one pass of a small language model, which the guard and the search both read."""

from __future__ import annotations

from coach.encoder.embed import Embedder, MiniLM, Reading, Vectors, minilm

__all__ = ["Embedder", "MiniLM", "Reading", "Vectors", "minilm"]
