"""Under which texts a passage can be found: one passage, several vectors.

A passage of our guides stands in the index with its text and with every question its author says it answers. A passage
of an added document has no such questions: it stands there with its text, with each of its lines (one list item among
ten is lost in the vector of the whole), and with the questions of those passages of ours that are nearest to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coach.schema import Passage

BORROW_FROM = 0.55
"""Cosine of two passages' texts from which a document's passage takes over the questions of ours."""


@dataclass(frozen=True)
class View:
    """One text that leads to a passage. `kind`: text, ask, line or borrowed."""

    id: str
    passage: str
    guide: str
    kind: str
    text: str

    @property
    def digest(self) -> str:
        """Names the text, so that its vector can be taken over from an earlier index."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:24]


def views(passages: Sequence[Passage]) -> list[View]:
    """Every passage under its own texts; the first view of each is the whole text under its headings."""
    made: list[View] = []
    for passage in passages:
        texts = [("text", f"{'. '.join(passage.headings)}. {passage.text}")]
        texts += [("ask", ask) for ask in passage.asks]
        if passage.kind == "document":
            lines = [line.removeprefix("- ").strip() for line in passage.text.splitlines()]
            texts += [("line", f"{passage.title}: {line}") for line in lines if len(line.split()) >= 4]
        made += [
            View(f"{passage.id}#{number}", passage.id, passage.guide, kind, text)
            for number, (kind, text) in enumerate(texts)
        ]
    return made


def borrowed(passages: Sequence[Passage], own: Sequence[View], vectors: npt.NDArray[np.float32]) -> list[View]:
    """Views that a document's passages take over from ours; `vectors` are those of `own`, row by row.

    Each of our passages lends its questions to the one passage nearest to it in each document, if that is near enough.
    """
    row = {view.passage: number for number, view in enumerate(own) if view.kind == "text"}
    lenders = [passage for passage in passages if passage.asks]
    made: list[View] = []
    for guide in dict.fromkeys(passage.guide for passage in passages if passage.kind == "document"):
        takers = [passage for passage in passages if passage.guide == guide]
        theirs = vectors[[row[passage.id] for passage in takers]]
        for lender in lenders:
            nearness = theirs @ vectors[row[lender.id]]
            best = int(nearness.argmax())
            if nearness[best] >= BORROW_FROM:
                taker = takers[best]
                made += [
                    View(f"{taker.id}#{lender.id}#{number}", taker.id, guide, "borrowed", ask)
                    for number, ask in enumerate(lender.asks)
                ]
    return made
