"""The part of the classifier that tells whether a person says they were misread: linear, over what both voters read.

It learns from reactions to referrals, written for this, and from dangerous and everyday training messages, which it
must not take for an objection.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

Floats = npt.NDArray[np.floating]

MISTAKEN = 0.003
"""Share of reactions that do not object, and of other messages, that may be taken for an objection."""
STRENGTH, FOLDS, SEED = 0.2, 4, 1
WORDS_COUNT = 6.0
"""Weight of the words beside the pooled values, whose spread is wider."""


class Head(NamedTuple):
    """The fitted weights."""

    pooled: Floats
    """Shape (width of the pooled values, 1)."""
    words: Floats
    """Shape (terms, 1)."""
    offset: Floats
    """Shape (1,)."""
    limit: float
    """Probability from which it is an objection."""


def fit(pooled: Floats, words: csr_matrix, objects: npt.NDArray[np.bool_]) -> Head:
    """Fit on messages, and set the limit on those that were left out in turn.

    Args:
        pooled: shape (messages, width).
        words: weighted counts of terms, shape (messages, terms).
        objects: which of them say that they were misread.
    """
    both = hstack([csr_matrix(pooled), WORDS_COUNT * words]).tocsr()
    model = LogisticRegression(C=STRENGTH, max_iter=400, class_weight="balanced")
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    unseen = cross_val_predict(model, both, objects, cv=folds, method="predict_proba")[:, 1]
    others = np.sort(unseen[~objects])[::-1]
    limit = float(others[int(MISTAKEN * len(others))])
    weights = model.fit(both, objects).coef_.T
    width = pooled.shape[1]
    return Head(weights[:width], WORDS_COUNT * weights[width:], model.intercept_, round(limit + 1e-4, 4))
