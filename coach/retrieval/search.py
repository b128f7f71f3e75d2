"""Search: meaning and words together, then an honest "the guides do not cover this".

The figures in `Fusion` were set on the development questions in `evals/cases`; the held-out ones only measure them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coach.retrieval.embed import Embedder, Vectors
from coach.retrieval.index import Index, Nearness
from coach.retrieval.lexical import Lexical
from coach.schema import Found, Passage, SearchResult


@dataclass(frozen=True)
class Fusion:
    """How the two ways of searching are weighed, and where "not in the guides" begins."""

    best: float = 0.33
    usual: float = 0.47
    whole: float = 0.2
    """Weights of the three cosines of a passage (see `Nearness`)."""
    lexical: float = 0.53
    """Most that words can add."""
    lexical_half: float = 12.0
    """BM25 score at which half of it is added."""
    answerable: float = 0.45
    """Cosine with the nearest text, from which the guides are taken to cover the question."""
    lexical_covered: float = 0.05
    """Most that words can add to that cosine."""
    fused_answerable: float = 0.33
    """Fused score that the best passage needs besides."""
    lexical_answerable: float = 3.0
    """BM25 score that counts as covered while only words can be searched."""


class Retriever:
    """Finds passages. Works with words alone while the index cannot be used."""

    def __init__(
        self,
        passages: Sequence[Passage],
        embedder: Embedder | None,
        index: Index | None,
        elsewhere: Vectors | None = None,
        fusion: Fusion | None = None,
    ) -> None:
        self.passages = {passage.id: passage for passage in passages}
        self.lexical = Lexical(passages)
        self.embedder = embedder
        self.index = index
        self.fusion = fusion or Fusion()
        self._elsewhere = elsewhere

    @property
    def by_meaning(self) -> bool:
        """False while search goes by words alone."""
        return self.embedder is not None and self.index is not None

    def search(self, query: str, k: int = 5, guide: str | None = None, vector: Vectors | None = None) -> SearchResult:
        """The `k` best passages, best first; `vector` is the query's embedding where it is known already."""
        words = self.lexical.scores(query, guide)
        if self.embedder is None or self.index is None:
            return self._by_words(query, words, k)
        vector = self.embedder.embed([query])[0] if vector is None else vector
        near = self.index.nearness(vector, guide)
        scores = {passage: self._fused(cosines, words.get(passage, 0.0)) for passage, cosines in near.items()}
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]
        covered = bool(ranked) and ranked[0][1] >= self.fusion.fused_answerable
        covered = covered and self._covered(vector, near, max(words.values(), default=0.0))
        found = tuple(Found(passage=self.passages[name], score=round(score, 4)) for name, score in ranked)
        return SearchResult(query=query, answerable=covered, found=found)

    def covering(self, item: str, kind: str = "retelling") -> Passage | None:
        """The app's own passage that is the place for this item of the article."""
        return next((p for p in self.passages.values() if item in p.covers and p.kind == kind), None)

    def _fused(self, near: Nearness, words: float) -> float:
        fusion = self.fusion
        meaning = fusion.best * near.best + fusion.usual * near.usual + fusion.whole * near.whole
        return meaning + fusion.lexical * words / (words + fusion.lexical_half)

    def _covered(self, vector: Vectors, near: dict[str, Nearness], words: float) -> bool:
        """Covered, when a passage is near enough, and nearer than any example of what is elsewhere."""
        nearest = max((cosines.best for cosines in near.values()), default=-1.0)
        nearest += self.fusion.lexical_covered * words / (words + self.fusion.lexical_half)
        outside = float((self._elsewhere @ vector).max()) if self._elsewhere is not None else -1.0
        return nearest >= self.fusion.answerable and nearest > outside

    def _by_words(self, query: str, words: dict[str, float], k: int) -> SearchResult:
        ranked = sorted(words.items(), key=lambda item: (-item[1], item[0]))[:k]
        found = tuple(Found(passage=self.passages[name], score=round(score, 4)) for name, score in ranked)
        covered = bool(found) and found[0].score >= self.fusion.lexical_answerable
        return SearchResult(query=query, answerable=covered, found=found)
