"""What a message says of tonight by itself: the minutes there are, who is on their own, and who is worn out."""

from __future__ import annotations

import re

from coach.schema import Tonight

_NUMBERS = {
    "a few": 5,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "ten": 10,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "forty-five": 45,
    "sixty": 60,
}
_MINUTES = re.compile(rf"\b(\d{{1,3}}|{'|'.join(_NUMBERS)})[\s-]*(?:mins?|minutes?)\b")
_SPANS = {
    r"\b(a )?quarter of an hour\b": 15,
    r"\bhalf an hour\b": 30,
    r"\b(an|one|1) hour\b": 60,
    r"\btwo hours\b": 120,
}
_ALONE = re.compile(r"\b(alone|by myself|on my own|without (him|her|them|my \w+)|just (for )?me|for me alone)\b")
_WORN_OUT = re.compile(
    r"\b((so|too|dead|dog|very|really|just|both|always|bone) tired(?! of)|tired out|exhausted|worn[ -]?out|"
    r"shattered|knackered|wiped out|drained|burn(ed|t)[ -]out|no energy|running on empty)\b"
)


def as_heard(message: str, tonight: Tonight) -> Tonight:
    """`tonight` with what the message says of it; the shortest span that is named counts."""
    text = " ".join(message.lower().split())
    named = [int(found) if found.isdigit() else _NUMBERS[found] for found in _MINUTES.findall(text)]
    named += [minutes for span, minutes in _SPANS.items() if re.search(span, text)]
    changes: dict[str, object] = {}
    if named:
        changes["minutes"] = min(named)
    if _ALONE.search(text):
        changes["who"] = ("solo",)
    if _WORN_OUT.search(text):
        changes |= {"energy": ("low",), "late": True}
    return tonight.model_copy(update=changes)
