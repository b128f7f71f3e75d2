"""Whether a message is in English, which is what the classifier reads, and if not, in which language.

What the classifier makes of other languages is noise, so a message in one of them is weighed by its letters
(`other_languages.py`), and what that does not recognise is answered by saying, in that language, that only English is
read here and where to turn in danger.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from coach.safety.normalise import normalise

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

log = logging.getLogger(__name__)

OTHER = "other"
"""What a language is called that is not known."""
FEWEST_WORDS = 4
"""Words from which a message in Latin letters shows that it is not English, whatever else it is."""
ENGLISH = 0.5
"""Share of words known to the classifier below which a message is hardly English. Of 6,664 English messages that it was
not trained on, slang and misspelt ones included, none of four words or more had less than 0.7; of 270 in six other
languages that are written in Latin letters, a handful had 0.5 or more."""
SURELY_ENGLISH = 0.75
"""Share from which it is nothing else."""
SURE = 0.9
"""Probability from which a language is taken for the one that is named."""

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z]")
_QUOTED = re.compile(
    "[\"\u201c\u201e\u00ab]([^\"\u201c\u201d\u00bb]{3,})[\"\u201d\u201c\u00bb]|(?<!\\w)['\u2018]([^'\u2018\u2019]{3,})['\u2019](?!\\w)"
)
_NOT_LATIN = re.compile(
    "[\u0600-\u06ff\u0900-\u097f\u3400-\u9fff](?:[\\s,\uff0c\u060c]*[\u0600-\u06ff\u0900-\u097f\u3400-\u9fff])+"
)


def words_of(text: str) -> list[str]:
    """The words of a message, in one spelling."""
    return _WORD.findall(normalise(text))


def english(text: str, known: Container[str]) -> float:
    """How much of a message is English: the share of its words that the classifier knows.

    0.0 where most letters are not Latin, and else above it, so that the two can be told apart.

    Args:
        text: the message.
        known: the words that the classifier knows.
    """
    words = words_of(text)
    letters = "".join(words)
    if len(_LATIN.findall(letters)) < len(letters) / 2:
        return 0.0
    return max(sum(word in known for word in words) / len(words), 0.01) if words else 1.0


def repeated(text: str) -> Iterator[str]:
    """What a message repeats of others' words: its quotations, and what stands in it in other letters."""
    for match in _QUOTED.finditer(text):
        words = match[1] or match[2]
        if len(words_of(words)) > 1:
            yield words
    for match in _NOT_LATIN.finditer(text):
        yield match[0]


def language_of(text: str) -> str:
    """The language of a message as its two letters; `OTHER` where it cannot be told."""
    try:
        language, probability = _identifier().classify(text)
    except (ImportError, OSError, ValueError):
        log.exception("the language cannot be told")
        return OTHER
    return str(language) if probability >= SURE else OTHER


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    # Opened where it is first needed: it takes a second, and most people write English.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


__all__ = ["ENGLISH", "FEWEST_WORDS", "OTHER", "SURELY_ENGLISH", "english", "language_of", "repeated", "words_of"]
