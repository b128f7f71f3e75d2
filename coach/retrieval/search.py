"""Search: meaning and words together, then an honest "the guides do not cover this".

The figures in `Fusion` were set on the development questions in `evals/cases`; the held-out ones only measure them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coach.encoder.embed import Embedder
from coach.retrieval.coverage import Coverage
from coach.retrieval.index import Index, Nearness, Scores
from coach.retrieval.lexical import Lexical
from coach.schema import Found, Passage, SearchResult

Rows = npt.NDArray[np.int64]
"""Numbers of passages."""


@dataclass(frozen=True)
class Fusion:
    """How the two ways of searching are weighed, and where "not in the guides" begins."""

    best: float = 0.48
    whole: float = 0.52
    topic: float = 0.0146
    """Weights of the nearness of a passage (see `Nearness`)."""
    lexical: float = 3.05
    """Most that words can add."""
    lexical_half: float = 30.0
    """BM25 score at which half of it is added."""
    own_words: float = 0.23
    """Weight of a document's own text where passages of ours stand behind it; the best of those has the rest."""
    answerable: float = 0.4
    """Fused score that the best passage needs, so that a question is answered (see `Coverage` for the rest)."""
    lexical_answerable: float = 3.0
    """BM25 score that counts as covered while only words can be searched."""


class Retriever:
    """Finds passages. Works with words alone while the index cannot be used."""

    def __init__(
        self,
        passages: Sequence[Passage],
        embedder: Embedder | None,
        index: Index | None,
        coverage: Coverage | None = None,
        lenders: Mapping[str, Sequence[str]] | None = None,
        fusion: Fusion | None = None,
    ) -> None:
        """`coverage`: what the guides do not cover. `lenders`: passages of ours behind one of a document."""
        self.passages = {passage.id: passage for passage in passages}
        self._ordered = list(passages)
        self._all = np.arange(len(passages))
        self._guides = np.array([passage.guide for passage in passages])
        self.lexical = Lexical(passages)
        self.embedder = embedder
        self.index = index
        self.fusion = fusion or Fusion()
        self._coverage = coverage
        self._added = np.array([passage.kind == "document" for passage in passages], dtype=bool)
        row = {passage.id: number for number, passage in enumerate(passages)}
        self._lenders = {row[name]: [row[one] for one in ours] for name, ours in (lenders or {}).items()}

    @property
    def by_meaning(self) -> bool:
        """False while search goes by words alone."""
        return self.embedder is not None and self.index is not None

    def search(self, query: str, k: int = 5, guide: str | None = None) -> SearchResult:
        """The `k` best passages (of `guide`), best first."""
        words = self.lexical.scores(query)
        kept = self._all if guide is None else np.flatnonzero(self._guides == guide)
        if self.embedder is None or self.index is None:
            covered = bool((words[kept] >= self.fusion.lexical_answerable).any())
            return self._result(query, covered, words, kept[words[kept] > 0], k)
        vector = self.embedder.embed([query])[0]
        near = self.index.nearness(vector)
        scores = self._fused(near, words)
        likeliest = float(scores[kept].max(initial=-1.0))
        for passage, ours in self._lenders.items():
            share = self.fusion.own_words
            scores[passage] = share * scores[passage] + (1 - share) * scores[ours].max()
        covered = likeliest >= self.fusion.answerable
        if covered and self._coverage:
            added = float(near.best[self._added].max(initial=-1.0))
            covered = self._coverage.covers(vector, near.closest, added)
        return self._result(query, bool(covered), scores, kept, k)

    def covering(self, item: str, kind: str = "retelling") -> Passage | None:
        """The app's own passage that is the place for this item of the article."""
        return next((p for p in self.passages.values() if item in p.covers and p.kind == kind), None)

    def _fused(self, near: Nearness, words: Scores) -> Scores:
        fusion = self.fusion
        fused: Scores = fusion.best * near.best + fusion.whole * near.whole + fusion.topic * near.topic
        fused += fusion.lexical * words / (words + fusion.lexical_half)
        return fused

    def _result(self, query: str, covered: bool, scores: Scores, kept: Rows, k: int) -> SearchResult:
        ranked = kept[np.argsort(-scores[kept], kind="stable")[:k]]
        found = tuple(Found(passage=self._ordered[row], score=round(float(scores[row]), 4)) for row in ranked)
        return SearchResult(query=query, answerable=covered, found=found)
