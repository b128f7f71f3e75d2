"""Which of our passages stand behind a passage of an added document.

A document has no questions of its own, so what people ask finds it badly. Our passages have them: where one of ours
says the same as a passage of the document, the document's passage is found by whatever finds ours. Each of ours stands
behind one passage of a document at most: the one nearest to it, if that is near enough.

Measured on the article and the held-out questions of `evals/cases`: see `coach eval retrieval --document`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coach.retrieval.index import Index
from coach.retrieval.lexical import Lexical
from coach.retrieval.library import Library
from coach.schema import Passage

NEAR = 0.45
"""Cosine with the nearest line of a passage from which ours may stand behind it; unrelated texts stay below 0.3."""
NEAR_IN_SOURCE = 0.30
"""The same where the document is what our guide retells, so that only the place is in question."""

Table = npt.NDArray[np.float32]
"""Shape (our passages, passages of the document)."""


def lenders(library: Library, index: Index) -> dict[str, tuple[str, ...]]:
    """Passage id of a document -> ids of our passages behind it."""
    behind: dict[str, list[str]] = {}
    passages = library.passages
    own = [passage for passage in passages if passage.asks]
    for document in library.documents:
        theirs = [passage for passage in passages if passage.guide == document.id]
        if document.kind != "document" or not theirs:
            continue
        retold = {guide.id for guide in library.documents if guide.based_on and _same(guide.based_on, document.title)}
        near, likeness = _compared(own, theirs, index)
        for row, column in _places(own, likeness, retold):
            floor = NEAR_IN_SOURCE if own[row].guide in retold else NEAR
            if near[row, column] >= floor:
                behind.setdefault(theirs[column].id, []).append(own[row].id)
    return {passage: tuple(ours) for passage, ours in behind.items()}


def _compared(own: Sequence[Passage], theirs: Sequence[Passage], index: Index) -> tuple[Table, Table]:
    """Cosine with the nearest line, and a likeness made of whole text, nearest line and words, each standardised.

    A passage that is a little like everything (a general one) would draw all of ours to itself; so what counts is how
    much more like it one of ours is than ours are on average.
    """
    texts = np.stack([index.vectors_of(passage.id)[0] for passage in own])
    rows = [index.vectors_of(passage.id) for passage in theirs]
    whole = texts @ np.stack([row[0] for row in rows]).T
    near = np.stack([(texts @ row.T).max(axis=1) for row in rows], axis=1)
    lexical = Lexical(theirs)
    words = np.stack([lexical.scores(f"{passage.title} {passage.text}") for passage in own])
    likeness = _standard(whole) + _standard(near) + _standard(words)
    return near, likeness - likeness.mean(axis=0, keepdims=True)


def _places(own: Sequence[Passage], likeness: Table, retold: set[str]) -> list[tuple[int, int]]:
    """Our passages (row) with their place (column): anywhere, but in order where our guide retells the document."""
    placed = [(row, int(likeness[row].argmax())) for row in range(len(own)) if own[row].guide not in retold]
    for guide in sorted(retold):
        rows = [row for row in range(len(own)) if own[row].guide == guide]
        placed += zip(rows, _in_order(likeness[rows]), strict=True)
    return placed


def _in_order(likeness: Table) -> list[int]:
    """The columns, never going back, whose likenesses add up highest: a retelling follows its source."""
    total = np.zeros(likeness.shape[1])
    came_from = []
    for row in likeness:
        best = np.maximum.accumulate(total)
        came_from.append(np.maximum.accumulate(np.where(total == best, np.arange(len(total)), 0)))
        total = best + row
    columns = [int(total.argmax())]
    for back in reversed(came_from[1:]):
        columns.append(int(back[columns[-1]]))
    return columns[::-1]


def _standard(table: Table) -> Table:
    spread = table.std(axis=1, keepdims=True)
    return np.asarray((table - table.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1), dtype=np.float32)


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()
