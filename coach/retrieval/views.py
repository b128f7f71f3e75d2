"""Under which texts a passage can be found: one passage, several vectors.

A passage of our guides stands in the index with its text and with every question its author says it answers. A passage
of an added document has no such questions: it stands there with its text and with each of its lines (one list item
among ten is lost in the vector of the whole).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from coach.schema import Passage


@dataclass(frozen=True)
class View:
    """One text that leads to a passage. `kind`: text, ask or line."""

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
