"""What a person replies to the question about danger: yes, no, or neither.

Without it a yes would be a message without danger in it, and the next tip would follow.
"""

from __future__ import annotations

import re

from coach.safety.normalise import normalise
from coach.schema import Verdict

YES, UNSURE = "said:yes", "said:unsure"
"""Signals of a verdict that rests on such a reply."""

_UNSAFE = re.compile(
    r"\b(not|isnt|arent|aint|never|dont feel|do not feel|wasnt) (really |very |so |at all )?safe\b|\bunsafe\b"
)
_OPENING = r"(?:(?:um+|er+|hm+|oh|well|honestly|tbh|actually|ok|okay|ugh|god|no+|nope|nah)\b[\s,.!\u2026-]*)*"
_END = r"[\s,.!\u2026-]*$"
_OFTEN = (
    r"(?:most|every|some) (?:days?|nights?|times?|evenings?|mornings?)|all the time|now and then|sometimes|often|"
    r"always|lately|a (?:bit|little|lot)|tonight|at night|in a way|kind of|kinda|sort of|(?:its |that is |thats )?true|"
    r"i (?:do|am|have|did)|i think so|(?:i )?think about it|i (?:want|plan) to"
)
_YES = re.compile(
    rf"^{_OPENING}(?:(?:yes+|yeah+|yea|yep|yup|aye)\b[\s,.!\u2026-]*(?:(?:{_OFTEN})\b.*)?|(?:{_OFTEN}){_END})$"
)
_UNSURE = re.compile(
    rf"^{_OPENING}(?:(?:im |i am )?(?:so |just |really |very )*(?:tired|exhausted|worn out|done)|"
    r"(?:i )?(?:dont know|do not know|dunno|idk|not sure|cant say|cannot say|maybe|perhaps|possibly|i guess|"
    r"(?:its )?hard to say|(?:i )?(?:dont|do not|cant) (?:want to )?(?:talk|say|think) ?(?:about (?:it|that))?))"
    rf"{_END}"
)
_ANSWER = re.compile(rf"^{_OPENING}(?:yes+|yeah+|yea|yep|yup|no+|nope|nah)?{_END}")


def says_unsafe(text: str) -> bool:
    """True where a person says that they, or others, are not safe."""
    return bool(_UNSAFE.search(normalise(text)))


def says_yes(text: str) -> bool:
    """True where a message says yes to a question that was asked about danger, and nothing else."""
    return bool(_YES.match(normalise(text)))


def unsure(text: str) -> bool:
    """True where a message leaves open what was asked."""
    return bool(_UNSURE.match(normalise(text)))


def only_answers(text: str) -> bool:
    """True for a bare yes or no: it answers what the companion has asked, and does not say that it misread."""
    return bool(_ANSWER.match(normalise(text)))


def replied(question: Verdict, text: str, back: int) -> Verdict:
    """What the reply to a question about danger makes of it: a yes is believed, and what stays open is asked once more.

    The questions of `knowledge/referrals.yaml` on self-harm and fear of a partner are worded so that a yes is danger.

    Args:
        question: the verdict that was asked about in the turn before.
        text: the turn after it.
        back: the number of that turn, counted from the last.
    """
    if question.category in ("self_harm", "partner_abuse") and (says_yes(text) or says_unsafe(text)):
        raised = {"action": "crisis", "urgency": "soon", "confidence": 0.9, "signals": (f"{YES}@{back}",)}
        return question.model_copy(update=raised)
    if says_unsafe(text) or unsure(text):
        return question.model_copy(update={"signals": (f"{UNSURE}@{back}",)})
    return Verdict(action="coach")
