"""How a person leaves what the screen has seen in their words: by saying that they are safe, or that it misread them.

Both have to be said plainly; neither is inferred from a change of subject, nor from an answer to what the companion has
asked. What they lead to is decided in `screen.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.safety.answers import says_unsafe
from coach.safety.normalise import normalise

NOT_MEANT = "That is not what I meant."
"""The sentence that the button below a referral sends."""
MISREAD, SAFE = "said:misread", "said:safe"
"""Signals of a verdict that a person has left, or that is only asked about because of what they said in a turn."""
DOUBTED = f"{MISREAD}-of-a-sure-crisis"
"""In place of the first where what they wrote before was too plain to be believed misread."""

_SAFE_NOW = re.compile(
    r"\b(i am|im|we are|were) (safe|ok and safe|not in danger)( now| here| tonight)?\b|"
    r"\bi (called|rang|spoke (to|with)|talked to) (them|the (helpline|line|police|doctor)|samaritans|999|911|112)\b"
)
_STILL_THERE = re.compile(
    r"\b(its|it is|its all|even|much|far|way|so much) worse\b|\bbehind me\b|\bi(m| am) the one who\b|"
    r"\b(he|she|they)(s| is| are|re)? (now |always )?(reading|watching|looking at|checking) (this|it|me|my|what)\b|"
    r"\bstill (scared|afraid|in danger)\b"
)
_FILLER = (
    r"no+|nah|nope|naw|sorry|ok|okay|oh|ah|aw|er+|um+|haha+|ha|lol|lmao|omg|wait|hang on|hold on|hey|wow|gosh|god|what|"
    r"well|actually|i think|think|maybe|but|and|please|thanks|thank you|thats kind|hm+|eh|whoa|huh|wtf|dear|my dear"
)
_IT_IS = r"(?:its |it is |it was |thats |that is |that was |this is )?"
_ONLY = r"(?:only |just |all |obviously )?"
_UNSERIOUS = (
    r"(?:joking|kidding|exaggerating|being (?:sarcastic|silly|dramatic|funny))(?! (?:around|about|with|and|when))"
)
_SAID = (
    # you got me wrong
    r"you(?:ve| have| may have| must have| seem to have)? (?:got|have|took|taken|read|understood) "
    r"(?:that|this|it|me|my (?:message|words?)) (?:all |completely |totally |quite )?(?:wrong(?:ly)?|the wrong way)",
    r"you(?:ve| have| may have| must have| seem to have| totally| completely)? "
    r"(?:misread|misunderstood|misheard|mistaken|misunderstand)(?: me| that| this| it| my (?:message|words?))?",
    r"(?:youve |you have |you )?(?:got )?(?:the )?wrong end of the stick",
    r"youre (?:wrong|mistaken|way off|off)(?: there| here| about (?:that|this|me|us))?",
    r"(?:what|the hell|hell|on earth| )*are you (?:on about|talking about|going on about)",
    # I did not mean it
    rf"{_IT_IS}not what i (?:meant|mean|said|was saying|am saying|wrote|asked|was asking)",
    r"i (?:really |just )?(?:didnt|did not|dont|do not) mean (?:it |that |this )?(?:that|this|it|like that|literally)",
    rf"(?:it|that|this)(?:s| is| was) {_ONLY}(?:a joke|a figure of speech|an expression|a saying|sarcasm|banter)",
    rf"(?:i was|i am|im) {_ONLY}{_UNSERIOUS}|(?:only |just )(?:joking|kidding)|jk",
    # nothing of the kind happened
    r"there(?:s| is| was|s been| has been) (?:no|not any|never been any) "
    r"(?:affair|cheating|betrayal|danger|abuse|violence|infidelity|other (?:man|woman|person))"
    r"(?: here| at all| involved)?",
    r"(?:nobody|no ?one)(?:s| is| was| has)? (?:been )?"
    r"(?:cheat(?:ing|ed)|having an affair|betray(?:ing|ed)|hurt(?:ing)?|hit(?:ting)?|dying|in danger|leaving|unsafe)"
    r"(?: on)?(?: me| us| anyone| anybody| here| him| her| them)?",
    rf"{_IT_IS}nothing (?:like that|of the sort|of that (?:sort|kind))(?: at all| here| happened)?",
    rf"{_IT_IS}not like that(?: at all)?",
    # it is a story
    rf"(?:{_IT_IS}|im talking |i was talking ){_ONLY}(?:about|from|in) (?:a|the|my|our) "
    r"(?:film|movie|book|novel|series|show|tv show|game|song|play|podcast|programme|recipe|board game)",
)
_OBJECTION = re.compile(
    rf"^(?:(?:{_FILLER})\b[\s,.!?:;\u2026\u2014-]*)*(?:{'|'.join(_SAID)})\b[\s,.!?:;)\u2026\u2014-]*"
)


def says_safe(text: str) -> bool:
    """True where a person says that the danger has passed, or that they have reached help."""
    return bool(_SAFE_NOW.search(normalise(text)))


def still_there(text: str) -> bool:
    """True where a person says in the same breath that the danger is there: not safe, worse, somebody reads along."""
    return says_unsafe(text) or bool(_STILL_THERE.search(normalise(text)))


def objection(text: str) -> str | None:
    """What else a message says that begins by telling the companion that it misread; None where it does not say so."""
    rest = normalise(text)
    found = None
    while match := _OBJECTION.match(rest):
        rest = found = rest[match.end() :]
    return found


def answered(message: str, before: Sequence[str]) -> str:
    """What to answer to somebody who says that they were misread: what they wrote before, with what they add to it.

    Args:
        message: the latest message, which says so.
        before: what the same person wrote before it, oldest first.
    """
    added = objection(message)
    return "\n".join(part for part in (*before[-1:], message if added is None else added) if part) or message
