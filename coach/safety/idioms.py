"""Figures of speech, said plainly before the network reads them: it took "killing myself at the gym" at its word."""

from __future__ import annotations

import re

_TOIL = (
    r"(gym|leg day|crossfit|treadmill|pilates|spin(ning)? class|marathon|training|workouts?|work|job|office|overtime|"
    r"(night |double )?shifts?|deadlines?|project|report|thesis|dissertation|exams?|revision|homework|spreadsheets?|"
    r"housework|chores|garden|diy)"
)
_WORN_BY_TOIL = re.compile(
    rf"\bkill(?:ing|ed) (?:myself|me) (at|with|over|in|on|for) (the |my |this |these |that |our )?{_TOIL}\b",
    re.IGNORECASE,
)
_WORN_BY_TRYING = re.compile(r"\bkilling myself (?=trying to\b)", re.IGNORECASE)


def plainly(text: str) -> str:
    """The text with such figures of speech replaced by what they mean."""
    return _WORN_BY_TRYING.sub("wearing myself out ", _WORN_BY_TOIL.sub(r"wearing myself out \1 \2\3", text))


__all__ = ["plainly"]
