"""What adds up over turns: hopelessness, or control by a partner, of which no single message says enough.

Each turn adds the weight that the classifier gives it, older ones less. The last turn must itself carry some of it, so
that somebody who has gone on to speak of other things is not asked again and again. The figures were set on the
development stories of `evals/messages/stories.jsonl`; of 1,178 harmless chats of the training messages, each weighed by
models that had not seen it, they raise five that no single turn had raised.
"""

from __future__ import annotations

from collections.abc import Sequence

from coach.safety.classifier import Weighed
from coach.schema import Category, Verdict

TURNS = 8
FADING = 0.85
"""How much of a turn's weight is left at the next."""
LAST = 0.2
"""Weight that the last turn itself must have."""
ASKED = 0.7
"""Weights together from which the companion asks."""
FAMILIES: dict[Category, frozenset[str]] = {
    "self_harm": frozenset(("self_harm", "severe_mental_health")),
    "partner_abuse": frozenset(("partner_abuse", "sexual_violence")),
}


def gathered(weighed: Sequence[Weighed]) -> Verdict:
    """The verdict on the last turns together; plain coaching where they do not add up to anything."""
    recent = list(weighed)[-TURNS:]
    if len(recent) < 2:
        return Verdict(action="coach")
    for family, categories in FAMILIES.items():
        weights = [
            sum(value for kind, value in turn.odds.items() if kind.rpartition(":")[2] in categories) for turn in recent
        ]
        total = sum(weight * FADING**age for age, weight in enumerate(reversed(weights)))
        if weights[-1] >= LAST and total >= ASKED:
            return Verdict(
                action="check_in",
                category=family,
                role="self",
                urgency="low",
                confidence=round(min(total / len(recent), 1.0), 4),
                signals=(f"gathered:{family}@0",),
            )
    return Verdict(action="coach")
