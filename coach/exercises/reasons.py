"""Why a card fits, in plain words. Each reason names an input that was used.

A reason never tells which of two people set a limit, nor what the other's limit is: it speaks of both.
"""

from __future__ import annotations

from coach.exercises.limits import HOT, betrayed
from coach.schema import Exercise, Tonight, Verdict, Who, Wish

_WISH: dict[Wish, str] = {
    "close": "You wished for closeness, and it is made for that.",
    "calm": "You wished for calm, and it slows things down.",
    "fun": "You wished for something light, and it is meant to be enjoyed.",
    "repair": "You wished to mend something, and it is a gentle way to begin.",
    "understand": "You wished to understand each other better, and it gives room to listen.",
}
_WISH_ALONE: dict[Wish, str] = {
    "close": "You wished for closeness, and it readies your side of it.",
    "calm": "You wished for calm, and it slows things down.",
    "fun": "You wished for something light, and it lifts the evening a little.",
    "repair": "You wished to mend something, and it begins with your own part.",
    "understand": "You wished to understand more, and it begins with what you see yourself.",
}
_WHO: dict[Who, str] = {
    "together": "You are in the same place tonight.",
    "remote": "It works over a call, with each of you where you are.",
    "solo": "You can do it alone, and nothing has to be shared.",
}


def why(exercise: Exercise, who: Who, tonight: Tonight, topics: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Two to five reasons, the most telling first; for assumed dials they say that they are assumed."""
    minutes = sum(step.minutes for step in exercise.steps_for(who))
    if tonight.assumed:
        return (
            "It practises what you asked about.",
            f"It takes {minutes} minutes. I know only what you wrote of your evening, so I kept it short and light.",
            *((_WHO["solo"],) if who == "solo" else ()),
        )
    reasons = [f"It takes {minutes} of your {tonight.minutes} minutes."]
    if topics & set(exercise.source):
        reasons.insert(0, "It practises what you asked about.")
    if tonight.heat >= HOT:
        reasons.insert(0, "Feelings run high right now, so it asks for nothing but cooling down.")
    elif met := [wish for wish in exercise.wishes if wish in tonight.wish]:
        reasons.insert(0, (_WISH_ALONE if who == "solo" else _WISH)[met[0]])
    if tonight.days_since_betrayal is not None and betrayed(tonight, Verdict(action="coach")):
        reasons.insert(0, "Trust was broken not long ago, so it only steadies and asks for nothing between you.")
    if tonight.lowest_energy == "low":
        reasons.append("It needs little energy, as you said there is not much tonight.")
    if exercise.comfort < tonight.lowest_comfort or tonight.lowest_comfort <= 2:
        reasons.append("It stays well within how much sharing is comfortable tonight.")
    else:
        reasons.append("It goes no deeper than the sharing you are comfortable with tonight.")
    if not tonight.private:
        reasons.append("Others may be in earshot, so it holds nothing that must not be overheard.")
    if who != "together" or "together" in tonight.who:
        reasons.append(_WHO[who])
    return tuple(reasons[:5])


def kind_no(tonight: Tonight, verdict: Verdict) -> str:
    """One kind sentence where no exercise, or only a steadying one, is right."""
    if verdict.action in ("emergency", "crisis"):
        return "An exercise is not what this moment needs. Please look at the help offered first."
    if betrayed(tonight, verdict):
        return (
            "After trust has been broken, a person who works with couples can help more than an exercise can. "
            "Until then, only things that steady you."
        )
    if verdict.refers:
        return "Someone trained can help more with this than an exercise can. Until then, only things that steady you."
    if tonight.heat >= HOT:
        return "Feelings run high. Twenty minutes apart, with a promise to come back, is the kindest thing for now."
    if tonight.minutes < 2:
        return "There is hardly a minute tonight. One kind word is enough; tomorrow is another evening."
    return "Nothing in the collection fits tonight without asking too much. Rest is a good choice, too."
