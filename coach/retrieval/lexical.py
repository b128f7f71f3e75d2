"""BM25 over the passages and their questions: finds by words, and answers alone while the vectors cannot."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer

from coach.schema import Passage

# The library sets its own logger to DEBUG when it is imported; ours decides instead.
logging.getLogger("bm25s").setLevel(logging.NOTSET)

_WORD = re.compile(r"[a-zA-Z][a-zA-Z'’]+")
STOP_WORDS = frozenset(
    """
    a an the and or but if so of to in on at by for with from as is are was were be been being am do does did
    doing have has had having i me my mine we us our ours you your yours he him his she her hers they them their
    theirs it its this that these those there here what which who whom how when where why can could will would
    shall should may might must not no nor very just about into than then too also im ive id dont doesnt didnt
    cant wont isnt arent wasnt youre hes shes theyre were thats whats lets get got
    """.split()
)


_STEMMER = Stemmer.Stemmer("english")


def terms(text: str) -> list[str]:
    """Stemmed content words, in order."""
    words = [word.replace("’", "").replace("'", "") for word in _WORD.findall(text.lower())]
    return list(_STEMMER.stemWords([word for word in words if word not in STOP_WORDS and len(word) > 1]))


class Lexical:
    """A BM25 index in memory; building it for a few hundred passages takes some hundredths of a second."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._size = len(passages)
        corpus = [
            terms(" ".join([*passage.headings, passage.title, passage.text, *passage.asks])) or ["-"]
            for passage in passages
        ]
        self._known = {term for document in corpus for term in document}
        self._index = bm25s.BM25(method="lucene", k1=1.2, b=0.6)
        if corpus:
            self._index.index(corpus, show_progress=False)

    def scores(self, query: str) -> npt.NDArray[np.float32]:
        """BM25 of every passage, shape (passages,); 0 where it shares no word with the query."""
        wanted = [term for term in terms(query) if term in self._known]
        if not wanted:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._index.get_scores(wanted), dtype=np.float32)
