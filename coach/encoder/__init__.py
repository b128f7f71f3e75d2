"""Text to numbers: a small language model for the search, and what it shares with the guard's own."""

from __future__ import annotations

from coach.encoder.embed import Embedder, MiniLM, Reading, Vectors, minilm, open_session
from coach.encoder.tokens import ids

__all__ = ["Embedder", "MiniLM", "Reading", "Vectors", "ids", "minilm", "open_session"]
