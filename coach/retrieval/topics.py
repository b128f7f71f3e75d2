"""Which passage a question is about, learned from the texts that lead to each passage.

Questions about closeness are all alike in some directions of the embedding, and told apart in others. Fisher's linear
discriminant (1936) weighs the directions by how little the texts of one passage differ in them. It is made in closed
form when the index is opened: nothing is trained beforehand and nothing is random.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
SHRINK = 0.4
"""Share of an even spread mixed into the measured one (Ledoit and Wolf's idea): texts are few beside dimensions."""


def shrunk(apart: npt.NDArray[np.floating[Any]], share: float) -> npt.NDArray[np.float64]:
    """Covariance of rows that are centred already, with an even spread mixed in so that it can be inverted."""
    spread = np.asarray(apart.T @ apart, dtype=np.float64) / len(apart)
    even = float(np.trace(spread)) / len(spread) or 1.0
    return (1 - share) * spread + share * even * np.eye(len(spread))


class Topics:
    """A linear score for every passage. Make one with `Topics.of`."""

    def __init__(self, weights: Matrix, offsets: Matrix) -> None:
        self._weights = weights
        self._offsets = offsets

    @classmethod
    def of(cls, vectors: Matrix, owners: npt.NDArray[np.int64], passages: int) -> Topics:
        """Learn from `vectors` (texts, dimension); `owners` numbers the passage of each, from 0 to `passages` - 1."""
        sums = np.zeros((passages, vectors.shape[1]), dtype=np.float64)
        np.add.at(sums, owners, vectors)
        means = sums / np.bincount(owners, minlength=passages)[:, None]
        apart = vectors - means[owners]
        weights = np.linalg.solve(shrunk(apart, SHRINK), means.T)
        offsets = -0.5 * np.einsum("pd,dp->p", means, weights)
        return cls(weights.T.astype(np.float32), offsets.astype(np.float32))

    def scores(self, vector: Matrix) -> Matrix:
        """Log-odds against the likeliest passage, shape (passages,): 0 for that one, below 0 for all others."""
        raw = self._weights @ vector + self._offsets
        likeliest: Matrix = raw - raw.max()
        return likeliest
