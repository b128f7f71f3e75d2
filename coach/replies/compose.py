"""The reply without a model: whole sentences lifted from passages, each cited, in the companion's shape.

Shape: what was heard (one sentence), two or three cited points, at most one question. A caution that belongs to a
passage comes along with it or the passage is not used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from coach.replies.sentences import Unit, units
from coach.replies.wording import Wording
from coach.retrieval.lexical import terms
from coach.schema import Citation, Found, Passage

MOST_WORDS = 175
FIRST_POINT, OTHER_POINT = 110, 70
"""Words that the first passage, and each further one, may take."""
LEAST = 18
"""Words beside its cautions that a further passage must add, or it is not worth the reader's while."""
NEAR = 0.1
"""A further passage is used when its score is at most this far below the first."""
UNSURE = 0.55
"""Best score under which the reply says that it may have misunderstood."""
ALIKE = 0.5
"""Share of common words from which two sentences count as saying the same."""


@dataclass
class Draft:
    """A reply being composed."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass
class _Point:
    passage: Passage
    units: list[Unit] = field(default_factory=list)

    @property
    def words(self) -> int:
        return sum(unit.words for unit in self.units)

    @property
    def text(self) -> str:
        return _paragraphs(self.units)


def compose(message: str, found: Sequence[Found], wording: Wording, opening: str = "", closing: bool = True) -> Draft:
    """Compose from what was found, best first. `opening` comes before everything (a direct question, say)."""
    ordered = _own_first(found)
    asked = frozenset(terms(message))
    heard = _heard(message, ordered[0], wording) if ordered else ""
    points: list[_Point] = []
    for item in ordered:
        first = not points
        if not first and (item.score < ordered[0].score - NEAR or len(points) == 2):
            break
        frame = f"{opening} {heard} {ordered[0].passage.question}"
        left = MOST_WORDS - len(frame.split()) - sum(one.words for one in points)
        point = (
            _point(item.passage, asked, min(left, FIRST_POINT))
            if first
            else _further(item.passage, asked, min(left, OTHER_POINT), points)
        )
        if point and point.words <= left:
            points.append(point)
    if not points:
        return Draft(opening or wording.uncovered(message))
    lead = points[0].passage
    parts = [opening or heard]
    citations = []
    for number, point in enumerate(points, start=1):
        parts.append(f"{point.text} [{number}]")
        citations.append(cite(number, point.passage, " ".join(unit.text for unit in point.units)))
    if closing and lead.question and not opening:
        parts.append(lead.question)
    return Draft("\n\n".join(parts), tuple(citations))


def cite(number: int, passage: Passage, quote: str) -> Citation:
    """The citation of a passage with the words taken from it."""
    return Citation(
        n=number,
        passage=passage.id,
        guide=passage.guide,
        guide_title=passage.guide_title,
        section=passage.section,
        title=passage.title,
        lines=passage.lines,
        quote=quote,
    )


def lift(passage: Passage, most_words: int = 60) -> str:
    """The first sentences of a passage, for a place that needs its gist and not an answer to a question."""
    point = _point(passage, frozenset(), most_words)
    return point.text if point else ""


def _own_first(found: Sequence[Found]) -> list[Found]:
    """The app's own guides before added documents that say as much: ours carry their cautions with them."""
    if not found:
        return []
    best = found[0].score
    own = [item for item in found if item.passage.kind != "document" and item.score >= best - 2 * NEAR]
    return own + [item for item in found if item not in own] if own else list(found)


def _point(passage: Passage, asked: frozenset[str], budget: int) -> _Point | None:
    """The sentences to lift from the passage that answers best, in their order, with its cautions.

    The opening sentences run on as they were written, so that the point reads as one voice; where there is room, the
    sentence of a later paragraph that answers best comes after them.
    """
    every = units(passage.text)
    if not every or every[0].aside:
        return None
    chosen = _with_cautions({0}, every)
    opening = [i for i in range(1, len(every)) if every[i].paragraph == every[0].paragraph]
    later = [i for i in range(1, len(every)) if i not in opening and not every[i].caution]
    ran_on = True
    for index in [*opening, *sorted(later, key=lambda i: (-_worth(every[i], asked), i))]:
        wanted = _with_cautions(chosen | _leant_on(index, every), every)
        fits = _size(wanted, every) <= budget
        # A gap would break the thread of the opening; a sentence of a later paragraph may still fit.
        if fits and (ran_on or index not in opening):
            chosen = wanted
        elif index in opening:
            ran_on = False
    return _Point(passage, [every[i] for i in sorted(chosen)])


def _further(passage: Passage, asked: frozenset[str], budget: int, taken: Sequence[_Point]) -> _Point | None:
    """The run of sentences with which a further passage adds most to what was said; None when it adds too little."""
    every = units(passage.text)
    said = [unit for point in taken for unit in point.units]
    best: tuple[float, set[int]] = (0.0, set())
    for start, first in enumerate(every):
        if first.caution or first.leans:
            continue
        run = {start}
        for index in range(start + 1, len(every)):
            more = _with_cautions(run | {index}, every)
            if every[index].caution or every[index].paragraph != first.paragraph or _size(more, every) > budget:
                break
            run.add(index)
        chosen = _with_cautions(run, every)
        repeats = any(_alike(every[i], other) for i in chosen for other in said)
        worth = max(_worth(every[i], asked) for i in run)
        if not repeats and _size(run, every) >= LEAST and _size(chosen, every) <= budget and worth > best[0]:
            best = (worth, chosen)
    return _Point(passage, [every[i] for i in sorted(best[1])]) if best[1] else None


def _with_cautions(chosen: set[int], every: Sequence[Unit]) -> set[int]:
    """Add every caution of the passage: whatever is taken from it, its limits come along."""
    return chosen | {i for i, unit in enumerate(every) if unit.caution}


def _leant_on(index: int, every: Sequence[Unit]) -> set[int]:
    """A sentence with those before it that it leans on."""
    wanted = {index}
    while index > 0 and every[index].leans:
        index -= 1
        wanted.add(index)
    return wanted


def _size(chosen: set[int], every: Sequence[Unit]) -> int:
    return sum(every[i].words for i in chosen)


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


@lru_cache(maxsize=8192)
def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))


def _worth(unit: Unit, asked: frozenset[str]) -> float:
    """How much a sentence adds: words of the question, words to say in quotes, and not too long."""
    words = _terms(unit.text)
    shared = len(words & asked) / (len(words) ** 0.5 + 1)
    says = bool(re.search(r"[\"“][^\"”]{12,}[\"”]", unit.text))
    return float(shared + 0.35 * says + 0.1 * unit.caution - unit.words / 400)


def _alike(one: Unit, other: Unit) -> bool:
    first, second = _words(one.text), _words(other.text)
    return len(first & second) / max(1, min(len(first), len(second))) > ALIKE


def _paragraphs(chosen: Sequence[Unit]) -> str:
    """Sentences of one paragraph run on; a list and an aside stand apart."""
    text, last = "", None
    for unit in chosen:
        if last is None:
            text = unit.text
        elif "\n- " in unit.text or "\n- " in last.text or unit.aside != last.aside:
            text += "\n\n" + unit.text
        else:
            text += " " + unit.text
        last = unit
    return text


def _heard(message: str, nearest: Found, wording: Wording) -> str:
    """What was heard: the feeling the person named, and what the passage's author knows of those who ask for it."""
    if nearest.score < UNSURE:
        return wording.unsure
    felt, passage = wording.felt(message), nearest.passage
    known = passage.heard or wording.heard.format(topic=_topic(passage))
    return known if not felt or _terms(felt) & _terms(known) else f"{felt} {known}"


def _topic(passage: Passage) -> str:
    """The heading as part of a sentence."""
    title = passage.title.rstrip("?.:")
    return title if re.match(r"[A-Z]\.|[A-Z]{2}", title) else title[0].lower() + title[1:]
