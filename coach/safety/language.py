"""Whether a message is in English, which is what the classifier reads, and if not, in which language.

What the classifier makes of other languages is noise, so a message in one of them is left to the rules, and what they
do not recognise is answered by saying, in that language, that only English is read here and where to turn in danger.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Container
from functools import lru_cache
from typing import TYPE_CHECKING

from coach.safety.normalise import normalise

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

log = logging.getLogger(__name__)

OTHER = "other"
"""What a language is called that is not known."""
FEWEST_WORDS = 4
"""Words from which a message shows its language; shorter ones ("bonjour", "gracias") pass for English."""
ENGLISH = 0.5
"""Share of words known to the classifier below which a message is not English. Of 6,664 English messages that it was
not trained on, slang and misspelt ones included, none of that length had less than 0.7; of 270 in six other languages
that are written in Latin letters, a handful had 0.5 or more."""
SURELY_ENGLISH = 0.75
"""Share from which it is nothing else. Between the two a message is read as English and as another language."""
SURE = 0.9
"""Probability from which a language is taken for the one that is named."""

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z]")


def english(text: str, known: Container[str]) -> float:
    """How much of a message is English: the share of its words that the classifier knows.

    1.0 for one that is too short to tell, 0.0 for one in other than Latin letters.

    Args:
        text: the message.
        known: the words that the classifier knows.
    """
    words = _WORD.findall(normalise(text))
    letters = "".join(words)
    if letters and len(_LATIN.findall(letters)) < len(letters) / 2:
        return 0.0
    return sum(word in known for word in words) / len(words) if len(words) >= FEWEST_WORDS else 1.0


def language_of(text: str) -> str:
    """The language of a message that is not in English, as its two letters; `OTHER` where it cannot be told."""
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


__all__ = ["ENGLISH", "OTHER", "SURELY_ENGLISH", "english", "language_of"]
