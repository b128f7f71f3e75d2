"""What goes out is checked, too: by what it would do to the person, not by words that safe advice needs as well."""

from __future__ import annotations

import re
from collections.abc import Callable

from coach.safety.helplines import numbers
from coach.safety.normalise import normalise
from coach.schema import Verdict

_JOINT = re.compile(
    r"\b(sit down together|take turns|each of you (shares?|says?)|with your partner,? (try|do|practise)|"
    r"both of you (try|sit|share)|(an|this) exercise for (two|the two of you|both))\b"
)
_COUPLES = re.compile(r"\b(couples?|marriage|relationship) (counsell?ing|therapy|therapist|counsell?or)\b")
_NOT = re.compile(r"\b(not|never|no|instead of|rather than|before)\b[^.]{0,60}$")
_LABEL = re.compile(
    r"\b(your (partner|husband|wife|boyfriend|girlfriend)|he|she|they) (is|are|sounds like|has|seems) "
    r"(clearly |probably |a |an |being )*"
    r"(narcissist(ic)?|borderline|psychopath(ic)?|sociopath(ic)?|bipolar|toxic|an abuser|avoidant|anxiously attached)\b"
)
_DOSE = re.compile(
    r"\b(take|stop taking|increase|reduce|double) (your |the |a )?(medication|antidepressants?|dose|pills?|\d+ ?mg)\b|"
    r"\b\d+ ?mg\b"
)
_SECRET = re.compile(
    r"\b(i|we)( will|ll)? (keep (this|it) (secret|between us)|never tell|wont tell)\b|"
    r"\b(stays|is) (strictly )?(between us|our secret)\b"
)
_NUMBER = re.compile(r"(?<![\d-])\+?\d[\d\s()-]{4,}\d(?![\d-])")
_PERIOD = re.compile(r"\b(1[89]|20)\d\d\s*-\s*(1[89]|20)\d\d\b|\b\d{1,4}\s*-\s*\d{1,4}\b")


def check_reply(text: str, verdict: Verdict) -> list[str]:
    """Names of what is wrong with a text that is about to be shown; empty when it may go out."""
    plain = normalise(text)
    afraid = verdict.category in ("partner_abuse", "sexual_violence")
    checks: dict[str, Callable[[], bool]] = {
        "joint exercise after a referral": lambda: verdict.refers and bool(_JOINT.search(plain)),
        "couples counselling to someone afraid": lambda: afraid and _offered(_COUPLES, plain),
        "label for the absent partner": lambda: bool(_LABEL.search(plain)),
        "medication advice": lambda: bool(_DOSE.search(plain)),
        "promise of secrecy": lambda: _offered(_SECRET, plain),
        "number that is not in the table": lambda: _stray_number(text),
    }
    return [name for name, wrong in checks.items() if wrong()]


def _offered(pattern: re.Pattern[str], text: str) -> bool:
    """Found, and not in a sentence that advises against it."""
    return any(not _NOT.search(text[: match.start()].rsplit(".", 1)[-1]) for match in pattern.finditer(text))


def _stray_number(text: str) -> bool:
    known = numbers()
    found = ("".join(c for c in number if c.isdigit()) for number in _NUMBER.findall(_PERIOD.sub(" ", text)))
    return any(number not in known for number in found if len(number) >= 6)
