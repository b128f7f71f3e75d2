"""How far a passage supports a sentence: by what it says as a whole, and by the words that it answers least.

A sentence may lie near a passage as a whole and still add something of its own, and then some of its words have nothing
near them in the passage. The states of the language model tell: in them a word stands with what it means there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from coach.encoder import MiniLM, Reading, Vectors
from coach.replies.sentences import split_sentences
from coach.retrieval.lexical import STOP_WORDS

SUPPORTED = 1.41
"""Support from which a sentence may be shown. Set on the development cases of `coach eval gate` so that six of seven
supported ones are, rather too high than too low: what is dropped is only missing, what is wrong is believed."""
WORDS = 2.0
"""Weight of the words beside that of the whole."""
LEAST = 4
"""One in so many words of the sentence counts: those that the passage answers least."""
_EVERYWHERE = STOP_WORDS | frozenset(("you", "your", "one", "each", "other", "partner"))
"""Words that every passage holds."""


class _Passage(NamedTuple):
    units: Vectors
    """Of its sentences, and of its pairs of sentences."""
    words: Vectors
    """Of its tokens, each of length 1."""


class Support:
    """Measures support; keeps what it has read of a passage, so share one."""

    def __init__(self, encoder: MiniLM) -> None:
        self._encoder = encoder
        self._read: dict[str, _Passage] = {}

    def of(self, passage: str, sentence: str) -> float:
        """How far the passage supports the sentence: from about 0 to 1 + `WORDS`."""
        reading = self._encoder.read(sentence)
        there = self._passage(passage)
        whole = float(np.max(there.units @ reading.vector))
        nearest = (_directions(reading) @ there.words.T).max(axis=1)
        content = np.array([_has_content(token) for token in self._encoder.tokens(sentence)])
        ranked = np.sort(nearest[content] if content.any() else nearest)
        return whole + WORDS * float(ranked[: max(1, len(ranked) // LEAST)].mean())

    def _passage(self, text: str) -> _Passage:
        if text not in self._read:
            said = split_sentences(text.replace("\n", " "))
            units = self._encoder.embed([*said, *(f"{one} {other}" for one, other in pairwise(said))])
            self._read[text] = _Passage(units, _directions(self._encoder.read(text)))
        return self._read[text]


def _directions(reading: Reading) -> Vectors:
    return np.asarray(reading.meant / np.linalg.norm(reading.meant, axis=1, keepdims=True), dtype=np.float32)


def _has_content(token: str) -> bool:
    return token.startswith("##") or (token.isalpha() and token not in _EVERYWHERE)


__all__ = ["SUPPORTED", "Support"]
