"""Figures of speech, signs and short forms, said plainly before the classifier reads them.

It took "killing myself at the gym" at its word, and a fist that was drawn for nothing.
"""

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
    (
        r"\bbeat me (to (?:it|the (?:punch|shower|door|post|car|bathroom|finish(?: line)?|kettle|sofa|phone)))\b",
        r"was faster than me \1",
    ),
    (r"\bhits? me up\b", "calls me"),
    (r"\bhits? me (right )?in the feels\b", "moves me"),
    (r"\bhits different\b", "is special"),
    (
        r"\bend it with (him|her|them|my (?:boy|girl)friend|my partner|my bf|my gf)\b"
        r"(?=\s*(?:$|[,.!?;]|(?:and|but|how|or|so|because|cos|bc|kindly|nicely|this|after|before|when|if|soon|now)\b))"
        r"(?!.{0,40}\b(?:myself|both of us|my life)\b)",
        r"break up with \1",
    ),
    (r"\b(?:i'?m |i am |am )?not suicidal\b", "all right"),
    # Said alone, this is a long day; with anything dark beside it, it is read as it stands.
    (
        r"^\s*(?:i['\u2019]?m |i am |we['\u2019]?re |we are )?(?:(?:so|very|really|just|too|both|dead) )*"
        r"(?:tired|exhausted|knackered|sleepy|shattered|worn out)(?: (?:tonight|today|now|again))?[\s.!]*$",
        "I am tired after a long day at work.",
    ),
    (r"^\s*(?:i )?can(?:['\u2019]?t|not) sleep(?: (?:tonight|again))?[\s.!]*$", "I lie awake, too warm to sleep."),
    # What is drawn instead of written, and what is shortened.
    (r"\U0001f52b", " gun "),
    (r"\U0001f52a", " knife "),
    (r"[\U0001f44a\U0001f91b\U0001f91c\U0001f94a]+", " punches "),
    (r"\b(?:s/a|sa(?=['\u2019]))['\u2019]?(?:d|ed)\b", "sexually assaulted"),
    (r"\bgraped (?=by\b|me\b)", "raped "),
    (r"\b(?:full )?dv(?:'?d)?\b", "domestic violence"),
)
"""Patterns of what is said, and what is meant."""
_SAID = tuple((re.compile(pattern, re.IGNORECASE), meant) for pattern, meant in _PLAIN)


def plainly(text: str) -> str:
    """The text with what is meant in place of such words and signs."""
    for said, meant in _SAID:
        text = said.sub(meant, text)
    return text


__all__ = ["plainly"]
