"""Do the guides cover a question at all? Told from examples of both sides.

Inside are the texts that lead to passages, outside are messages that are for somebody else (`not-covered.yaml`). A
question counts as covered when its three nearest neighbours inside are nearer than its three nearest outside, by a
margin to which Fisher's discriminant between the two sides adds what they have in common beyond their neighbours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coach.retrieval.topics import SHRINK, shrunk

Matrix = npt.NDArray[np.float32]
NEIGHBOURS = 3
"""One neighbour may be a lucky wording."""
SIDE = 0.1
"""Weight of the discriminant, in its own standard deviations, beside the margin of cosines."""
LEAST = 0.04
"""Margin from which a question is covered; set on the development questions, of which it refuses 2 %."""
ADDED = 0.6
"""Cosine with a line of a document the owner added from which that line covers the question, whatever it is about."""


def nearest_mean(cosines: Matrix) -> float:
    """Mean of the highest few of some cosines; -1 where there are none."""
    if not len(cosines):
        return -1.0
    kept = min(NEIGHBOURS, len(cosines))
    return float(np.partition(cosines, -kept)[-kept:].mean())


class Coverage:
    """The two sides, ready to weigh a question."""

    def __init__(self, inside: Matrix, outside: Matrix) -> None:
        """Each of shape (examples, dimension)."""
        self._outside = outside
        means = inside.mean(axis=0), outside.mean(axis=0)
        apart = np.concatenate([inside - means[0], outside - means[1]])
        direction = np.linalg.solve(shrunk(apart, SHRINK), means[0] - means[1]).astype(np.float32)
        sides = np.concatenate([inside, outside]) @ direction
        self._direction = direction / (float(sides.std()) or 1.0)
        self._middle = float((means[0] + means[1]) @ self._direction) / 2

    def covers(self, vector: Matrix, inside: float, added: float = -1.0) -> bool:
        """True when the question is covered.

        Args:
            vector: the question.
            inside: `nearest_mean` of its cosines with the texts inside.
            added: its cosine with the nearest line of an added document.
        """
        cosines = self._outside @ vector
        if added >= ADDED and added > cosines.max():
            return True
        side = float(self._direction @ vector) - self._middle
        return inside - nearest_mean(cosines) + SIDE * side >= LEAST
