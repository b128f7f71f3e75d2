"""The gate: a sentence of a model appears only when it has been checked.

A point must end with the number of a passage that is there and that supports it (`support.py`). What needs no passage
is the sentence that says back what was heard, a question, and the mention of the exercise that was chosen. Nothing
passes that holds a number which neither a cited passage nor the exercise holds, a link or picture, another exercise,
or what `coach.safety.check` holds back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from coach.replies.prompt import prompt
from coach.replies.support import SUPPORTED, Support
from coach.safety.check import check_reply
from coach.schema import Dropped, Found, Option, Passage, Verdict

HEARD_WORDS = 45
"""Longest sentence that may say back what was heard."""

RUN = 7
"""Words in a row that only somebody who repeats the prompt shares with it."""
FEWEST_WORDS = 2
"""Words below which it is a fragment, or a fence of the prompt that the model repeats."""

_CITED = re.compile(r"\[(\d{1,2})\]")
_LINK = re.compile(r"https?://|www\.|!\[|\]\(|<[a-z/]|\b\w+\.(com|org|net|io)\b", re.I)
_NUMBER = re.compile(r"\d+")
_ASKS, _STOPS = ("?", "？", "؟"), (".", "!", "…", "。", "！", "।")
"""What a question and a sentence end with, in the languages people write in."""
_ENDS = re.compile(r"(?<=[.!?…])[\"”’)]*(?:\s*\[\d{1,2}\])*\s+|\n+")


@dataclass
class Gate:
    """The gate of one reply. Feed it the pieces of the model; it gives what may be shown."""

    found: Sequence[Found]
    support: Support
    """What it measures with; share one between gates, so that a passage is read once."""
    verdict: Verdict
    exercise: Option | None = None
    other_exercises: Iterable[str] = ()
    """Titles of the catalogue that were not chosen."""
    dropped: list[Dropped] = field(default_factory=list)
    cited: dict[int, list[str]] = field(default_factory=dict)
    """Passage number -> sentences that passed on it."""
    _shown: int = 0
    _said: set[str] = field(default_factory=set)
    """Sentences that were let pass, in one spelling: a model that runs in circles is shown once."""

    def pass_through(self, pieces: Iterable[str]) -> Iterator[str]:
        """The paragraphs that may be shown, each as soon as it is whole and checked."""
        waiting = ""
        for piece in pieces:
            waiting += piece
            *whole, waiting = re.split(r"\n\s*\n", waiting)
            yield from self._shown_of(whole)
        yield from self._shown_of([waiting])

    def _shown_of(self, paragraphs: Iterable[str]) -> Iterator[str]:
        for paragraph in paragraphs:
            kept = self._checked(paragraph.strip())
            if kept:
                yield ("\n\n" if self._shown else "") + kept
                self._shown += 1

    def _checked(self, paragraph: str) -> str:
        """What may be shown of a paragraph. Sentences wait for the citation that ends their point."""
        kept: list[str] = []
        waiting: list[str] = []
        for sentence in _sentences(paragraph):
            numbers = [int(number) for number in _CITED.findall(sentence)]
            waiting.append(sentence)
            if numbers:
                kept += self._supported(waiting, numbers)
                waiting = []
        for sentence in waiting:
            if self._stands_alone(sentence, first=not self._shown and not kept):
                kept.append(sentence)
                self._said.add(_plain(sentence))
        return " ".join(kept)

    def _supported(self, sentences: list[str], numbers: list[int]) -> list[str]:
        """Those sentences of a point that its passages support; the number stays on the last one."""
        passages = [self.found[number - 1].passage for number in numbers if 0 < number <= len(self.found)]
        good: list[str] = []
        resting: list[str] = []
        """Those of them that rest on the passages."""
        for place, sentence in enumerate(sentences):
            bare = re.sub(r"\s+([.!?…])", r"\1", _CITED.sub("", sentence).strip())
            carries = place == len(sentences) - 1
            wrong = self._never(bare, " ".join(passage.text for passage in passages))
            if not wrong and any(_repeats_heading(bare, passage) for passage in passages):
                wrong = "heading of a passage"
            if not wrong and not passages:
                wrong = "cites no passage that is there"
            # The sentence that carries the number must be supported; one before it may be the one that says what was
            # heard.
            free = not carries and self._stands_alone(bare, first=not self._shown and not good, note=False)
            if not wrong and not free:
                wrong = "" if self._rests_on(passages, bare) else "not supported"
            if wrong:
                self.dropped.append(Dropped(text=sentence, why=wrong))
            else:
                good.append(bare)
                self._said.add(_plain(bare))
                resting += [] if free else [bare]
        if not resting:
            # A number without the sentence that it belongs to would lend its source to something else.
            return good
        real = [number for number in dict.fromkeys(numbers) if 0 < number <= len(self.found)]
        for number in real:
            self.cited.setdefault(number, []).extend(resting)
        return [*good[:-1], good[-1] + " " + " ".join(f"[{number}]" for number in real)]

    def _rests_on(self, passages: Sequence[Passage], sentence: str) -> bool:
        return any(self.support.of(passage.text, sentence) >= SUPPORTED for passage in passages)

    def _stands_alone(self, sentence: str, *, first: bool, note: bool = True) -> bool:
        """True for what needs no passage: what was heard, a question, the exercise that was chosen."""
        wrong = self._never(sentence, "")
        end = sentence.rstrip('"”’)')[-1:]
        allowed = (
            end in _ASKS
            # What does not end is a piece of the prompt that a small model repeats, or a heading.
            or (first and end in _STOPS and len(sentence.split()) <= HEARD_WORDS)
            or (self.exercise is not None and self.exercise.title.lower() in sentence.lower())
        )
        if note and (wrong or not allowed):
            self.dropped.append(Dropped(text=sentence, why=wrong or "cites nothing"))
        return allowed and not wrong

    def _never(self, sentence: str, source: str) -> str:
        """Why a sentence must not be shown, whatever it cites; empty when nothing speaks against it."""
        plain, lower = _plain(sentence), sentence.lower()
        exercise = f"{self.exercise.title} {self.exercise.minutes}" if self.exercise else ""
        numbers = set(_NUMBER.findall(sentence)) - set(_NUMBER.findall(f"{source} {exercise}"))
        words = re.findall(r"[^\W\d_]{2,}", sentence)
        against = {
            "link or picture": _LINK.search(sentence),
            "not a sentence": len(words) < FEWEST_WORDS or "<<" in sentence or ">>" in sentence,
            "said already": plain in self._said,
            "words of the prompt": sentence.endswith(":") or not _prompt_runs().isdisjoint(_runs(plain)),
            "number of its own": numbers,
            "exercise that was not chosen": any(title.lower() in lower for title in self.other_exercises),
        }
        wrong = next((why for why, holds in against.items() if holds), "")
        return wrong or next(iter(check_reply(sentence, self.verdict)), "")


def _plain(text: str) -> str:
    """The words alone, in one spelling."""
    return " ".join(re.findall(r"[^\W_]+", text.lower().replace("'", "").replace("’", "")))


def _repeats_heading(sentence: str, passage: Passage) -> bool:
    plain, title = _plain(sentence), _plain(passage.title)
    return plain == title or _plain(f"{passage.guide_title} {passage.title}") in plain


def _runs(plain: str) -> list[str]:
    """Every run of `RUN` words."""
    words = plain.split()
    return [" ".join(words[start : start + RUN]) for start in range(len(words) - RUN + 1)]


@lru_cache(maxsize=1)
def _prompt_runs() -> frozenset[str]:
    return frozenset(_runs(_plain(prompt("reply").text)))


def _sentences(paragraph: str) -> list[str]:
    """Sentences with the numbers that follow them."""
    cuts = [0, *(match.end() for match in _ENDS.finditer(paragraph)), len(paragraph)]
    pieces = [paragraph[one:other].strip() for one, other in pairwise(cuts)]
    return [piece for piece in pieces if piece]


__all__ = ["Gate"]
