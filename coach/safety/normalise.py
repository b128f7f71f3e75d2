"""A message as the rules read it: one spelling for what people type in many ways."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_LOOKALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u03bf\u03b1\u03b5\u03b9\u03bd\u03c1\u0131\u0261",
    "aeopcyxijsdloaeivpig",
)
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LEET_WORD = re.compile(r"\b(?=\w*[a-z])(?=\S*[0134579@$!|])[a-z0-9@$!|]{3,}\b")
_SPACED = re.compile(r"(?<![^\W\d_])(?:[a-z](?:[.\-_*] ?|\s)){2,}[a-z](?![^\W\d_])")
_LONG = re.compile(r"([a-z])\1{2,}")
_LATIN = re.compile(r"[a-z]")


_QUOTED = re.compile('["\u201c\u00ab][^"\u201d\u00bb]{3,}["\u201d\u00bb]')
_FRAME = re.compile(
    r"\b(this is |its |it is |just |asking )*(for|in|writing) (a|my|the) (novel|story|book|script|screenplay|film|"
    r"role ?play)\b[:,]?|\b(hypothetically|theoretically)\b[:,]?|\bwhat if\b"
)
_BROKEN = re.compile(
    r"\b(for real|honestly|really happen(s|ed|ing)|(its|it is|this is) (real|true|about me|me|actually me)|"
    r"not (really )?a (novel|story|book)|no joke|he does|she does|he really|she really)\b"
)


def unquoted(text: str) -> str:
    """The text without what stands in double quotes: what a partner wrote is evidence and never an instruction."""
    return _QUOTED.sub(" ", text)


def unframed(text: str) -> str | None:
    """What is left of a message that calls itself a story and then says that it is not; None for all others."""
    plain = normalise(text)
    if not (_FRAME.search(plain) and _BROKEN.search(plain)):
        return None
    return _FRAME.sub(" ", plain).strip()


@lru_cache(maxsize=4)  # the rules, the frame and the classifier ask for the same text one after the other
def normalise(text: str) -> str:
    """Lower case, no invisible characters, no apostrophes ("dont"), lookalikes and leetspeak undone, letters joined."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower()
    if _LATIN.search(text):
        # Lookalikes are only undone inside a Latin text, so that Russian or Greek stays what it is.
        text = text.translate(_LOOKALIKE)
    text = re.sub("['\u2019\u2018\u02bc\u00b4`]", "", text)
    text = _LEET_WORD.sub(lambda match: _unleet(match.group()), text)
    text = _SPACED.sub(lambda match: re.sub(r"[\s.\-_*]", "", match.group()), text)
    text = _LONG.sub(r"\1\1", text)
    return re.sub(r"\s+", " ", text).strip()


def _unleet(word: str) -> str:
    """`su1c1de` -> `suicide`; ages, sizes and clock times such as 16f or 10pm stay."""
    if re.fullmatch(r"\d+[a-z]{0,2}|[a-z]\d+", word):
        return word
    return word.translate(_LEET)
