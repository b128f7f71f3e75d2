"""One plan for two: made of both partners' private dials, and telling neither of them anything but the plan.

Nobody is told whether the other has set any dials. The plan appears when both have; it is made once an evening, so that
nobody can find out the other's limits by turning their own dials. Where what one of them wrote calls for help, or for a
careful question first, no plan is made, and it looks the same as an evening on which the other was not there.
"""

from __future__ import annotations

from datetime import date, timedelta

from coach.exercises import Catalogue, suggest
from coach.exercises.limits import broken_limits
from coach.exercises.match import CALM
from coach.schema import Action, Option, Tonight, Verdict, Who
from coach.store import Store
from coach.store.conversations import referred_since
from coach.store.couples import couple_of
from coach.store.evenings import for_a_plan, keep_evening, keep_plan
from coach.store.tables import now

FITS_BOTH = "It fits what each of you said about tonight. Neither sees the other's dials."
FOR_TWO: tuple[Who, ...] = ("together", "remote")
RESTS = timedelta(days=14)
"""How long no plan for two is made after a referral."""
NOTHING_WRONG: tuple[Action, ...] = ("coach", "decline")
"""What the screen says of somebody who may be planned for; after a careful question little is left that two may do."""


def plan_together(
    store: Store, catalogue: Catalogue, person: str, day: date, tonight: Tonight, verdict: Verdict
) -> None:
    """Keep this person's dials, and make the couple's plan where both are there.

    Args:
        verdict: the screen's word on this person's note and recent turns.
    """
    couple = couple_of(store, person)
    if couple is None:
        return
    # Whoever has told of danger or betrayal lately is not asked to do anything together with the other.
    fit = verdict.action in NOTHING_WRONG and not referred_since(store, person, now() - RESTS)
    keep_evening(store, person, couple.id, day, tonight, fit=fit)
    both = for_a_plan(store, couple.id, day)
    # The same work is done whether or not the other is there, so that the time it takes tells nothing.
    card = joint_card(catalogue, both or [tonight, tonight])
    if both and card:
        keep_plan(store, couple.id, day, card)


def joint(both: list[Tonight]) -> Tonight:
    """The limits of two people together: the shorter time, the lower energy, the lesser comfort, the greater heat."""
    ways = [way for way in FOR_TWO if all(way in one.who for one in both)]
    betrayals = [one.days_since_betrayal for one in both if one.days_since_betrayal is not None]
    return Tonight(
        minutes=min(one.minutes for one in both),
        who=tuple(ways) or ("solo",),
        energy=tuple(one.lowest_energy for one in both),
        comfort=tuple(one.lowest_comfort for one in both),
        heat=max(one.heat for one in both),
        wish=tuple(dict.fromkeys(wish for one in both for wish in one.wish))[:3],
        private=all(one.private for one in both),
        late=any(one.late for one in both),
        recent=tuple(dict.fromkeys(exercise for one in both for exercise in one.recent)),
        felt_safe_lately=min(one.felt_safe_lately for one in both),
        days_since_betrayal=min(betrayals) if betrayals else None,
    )


def joint_card(catalogue: Catalogue, both: list[Tonight]) -> Option | None:
    """The card for two that keeps the limits of each, with one reason that holds for every plan."""
    tonight = joint(both)
    while card := next((option for option in suggest(catalogue, tonight).options if option.who in FOR_TWO), None):
        exercise = catalogue.get(card.exercise)
        if exercise and not any(broken_limits(exercise, card.who, one, CALM) for one in both):
            return card.model_copy(update={"why": (FITS_BOTH,), "fit": "best"})
        # What is open to one of them only, such as a deep exercise after house rules, is passed over.
        tonight = tonight.model_copy(update={"recent": (*tonight.recent, card.exercise)})
    return None


__all__ = ["FITS_BOTH", "joint", "joint_card", "plan_together"]
