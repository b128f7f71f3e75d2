"""Explicit danger in nine other languages, weighed from the letters of a message.

The language model of the search reads English. For the rest a linear model over short runs of letters is enough,
because only what is said plainly has to be recognised, and what is not recognised is not coached either
(`language.py`). It was trained by `python -m evals.guard.train_languages` on messages written for this project, all
languages together: the letters show which one it is.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from coach.safety.kept import load_kept
from coach.safety.language import OTHER
from coach.safety.normalise import normalise
from coach.schema import Category, Role, Verdict

LANGUAGES_VERSION = 1
LANGUAGES_FILE = f"languages-{LANGUAGES_VERSION}.npz"
SHORTEST, LONGEST = 1, 5
"""Letters of a run."""
COACH = "coach"
SURE = 0.6
"""Probability from which a language is taken for the likeliest."""


class OtherLanguages:
    """The linear model, ready to use."""

    def __init__(self, arrays: dict[str, npt.NDArray[Any]], about: dict[str, Any]) -> None:
        """`arrays` and `about` are what `evals.guard.train_languages` wrote; see there."""
        self._kinds: list[str] = about["kinds"]
        self._least: float = about["threshold"]
        self._languages: list[str] = about["languages"]
        known = bytes(arrays.pop("runs")).decode("utf-8").split("\n")
        self._row = {run: number for number, run in enumerate(known)}
        self._of = {name: array.astype(np.float32) for name, array in arrays.items()}

    @classmethod
    def load(cls, path: Path) -> OtherLanguages:
        """Read the trained file.

        Raises:
            GuardNotLoaded: when it is missing or damaged.
        """
        return load_kept(path, cls)

    def odds(self, text: str) -> dict[str, float]:
        """Probability of every kind: `coach`, or a category and who speaks, as in `partner_abuse:perpetrator`."""
        return self._weigh(text, "kind", self._kinds)

    def language(self, text: str) -> str:
        """The likeliest of the nine languages, as two letters, or `en`; `OTHER` where none is likely."""
        odds = self._weigh(text, "language", self._languages)
        likeliest = max(odds, key=odds.__getitem__)
        return likeliest if odds[likeliest] >= SURE else OTHER

    def _weigh(self, text: str, head: str, names: list[str]) -> dict[str, float]:
        counts = Counter(row for run in runs(text) if (row := self._row.get(run)) is not None)
        scores: npt.NDArray[np.floating[Any]] = self._of[f"{head}_offset"]
        if counts:
            rows = np.fromiter(counts, dtype=np.int64)
            weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self._of["rarity"][rows]
            scores = scores + (weights / np.linalg.norm(weights)) @ self._of[head][rows]
        likely = np.exp(scores - scores.max())
        return dict(zip(names, (likely / likely.sum()).tolist(), strict=True))

    def verdict(self, text: str, where: str = "") -> Verdict:
        """A crisis where explicit danger is likely enough, else plain coaching; the language is not told."""
        odds = self.odds(text)
        danger = 1 - odds[COACH]
        if danger < self._least:
            return Verdict(action="coach", confidence=round(1 - danger, 4))
        category, _, role = max((kind for kind in odds if kind != COACH), key=odds.__getitem__).partition(":")
        return Verdict(
            action="crisis",
            category=cast("Category", category),
            role=cast("Role", role),
            urgency="soon",
            confidence=round(danger, 4),
            signals=(f"languages-{LANGUAGES_VERSION}:crisis:{category}{where}",),
        )


def runs(text: str) -> Iterator[str]:
    """Every run of letters of a message, word by word, with a space for the beginning and the end of a word.

    Without accents, which many leave out.
    """
    for word in _without_accents(normalise(text)).split():
        padded = f" {word} "
        for length in range(SHORTEST, LONGEST + 1):
            for start in range(len(padded) - length + 1):
                yield padded[start : start + length]


def _without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


__all__ = ["COACH", "LANGUAGES_FILE", "LANGUAGES_VERSION", "OtherLanguages", "runs"]
