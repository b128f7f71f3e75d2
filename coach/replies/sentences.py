"""Passages to sentences, with what must stay together kept together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_END = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“‘(]?[A-Z0-9])")
_ABBREVIATED = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|St|vs|etc|et al|e\.g|i\.e|cf|No|approx)\.|\b[A-Z]\.)$")
_LEANS = re.compile(
    r"^(?:[\"“‘])?(?:it|its|it's|this|that|these|those|they|them|their|such|then|also|both|either|neither|so|but|and|or|"
    r"the same|another|here|otherwise|instead|he|she|afterwards)\b",
    re.I,
)
_CAUTION = re.compile(
    r"^(?:take care|leave it|not if|only if|never|do not|don't|our careful reading|please|unless|"
    r"if (?:you|it|your|either|one|they|the)\b.*\b(?:stop|leave|wait|afraid|scared|fear))\b",
    re.I,
)
ASIDE = "Our careful reading."


@dataclass(frozen=True)
class Unit:
    """One sentence, or a list with the line that announces it. `paragraph` numbers the paragraph it stands in.

    `leans`: makes sense only after the sentence before. `caution`: limits the advice of its paragraph.
    """

    text: str
    paragraph: int
    leans: bool = False
    caution: bool = False
    aside: bool = False

    @property
    def words(self) -> int:
        return len(self.text.split())


def split_sentences(text: str) -> list[str]:
    """Sentences of a running text; abbreviations and closing quotes do not end one wrongly."""
    pieces: list[str] = []
    start = 0
    for match in _END.finditer(text):
        piece = text[start : match.end()].strip()
        if _ABBREVIATED.search(text[start : match.start()].rstrip('"”’)')):
            continue
        pieces.append(piece)
        start = match.end()
    if text[start:].strip():
        pieces.append(text[start:].strip())
    return pieces


@lru_cache(maxsize=4096)
def units(text: str) -> tuple[Unit, ...]:
    """The sentences of a passage in order; a list is one unit together with its lead."""
    made: list[Unit] = []
    paragraphs = re.split(r"\n\s*\n", text.strip())
    for number, paragraph in enumerate(paragraphs):
        lines = paragraph.splitlines()
        if any(line.startswith("- ") for line in lines):
            lead = made.pop() if made and made[-1].text.endswith(":") else None
            block = "\n".join(([lead.text] if lead else []) + lines)
            made.append(Unit(block, lead.paragraph if lead else number, leans=not lead and not lines[0].endswith(":")))
            continue
        aside = caution = paragraph.startswith(ASIDE)
        for index, sentence in enumerate(split_sentences(" ".join(lines))):
            # What follows a caution in its paragraph belongs to it.
            caution = caution or bool(_CAUTION.match(sentence))
            leans = index > 0 and bool(_LEANS.match(sentence))
            made.append(Unit(sentence, number, leans=leans, caution=caution, aside=aside))
    return tuple(made)
