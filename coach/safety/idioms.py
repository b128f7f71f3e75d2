"""Figures of speech, said plainly before the network reads them: it took "killing myself at the gym" at its word."""

from __future__ import annotations

import re

_TOIL = (
    r"(gym|leg day|crossfit|treadmill|pilates|spin(ning)? class|marathon|training|workouts?|work|job|office|overtime|"
    r"(night |double )?shifts?|deadlines?|project|report|thesis|dissertation|exams?|revision|homework|spreadsheets?|"
    r"housework|chores|garden|diy)"
)
_PLAIN: tuple[tuple[str, str], ...] = (
    (
        rf"\bkill(?:ing|ed) (?:myself|me) (at|with|over|in|on|for) (the |my |this |these |that |our )?{_TOIL}\b",
        r"wearing myself out \1 \2\3",
    ),
    (r"\bkilling myself (?=trying to\b)", "wearing myself out "),
    (r"\bpunch(?:es|ed|ing)? above (my|your|his|her|our|their|its) weight\b", r"do better than \1 rank"),
    (r"\bpunch(?:es|ed|ing)? (?:a|the|my|his|her|our) punch(?:ing)? ?bag\b", "train at boxing"),
    (r"\b(cans?|bottles?|glass|glasses) of coke\b", r"\1 of cola"),
)
"""Patterns of what is said, and what is meant."""
_SAID = tuple((re.compile(pattern, re.IGNORECASE), meant) for pattern, meant in _PLAIN)


def plainly(text: str) -> str:
    """The text with such figures of speech replaced by what they mean."""
    for said, meant in _SAID:
        text = said.sub(meant, text)
    return text


__all__ = ["plainly"]
