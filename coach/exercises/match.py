"""The exercise for tonight: danger first, then limits, then taste, then three cards with their reasons."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from coach.exercises.catalogue import Catalogue
from coach.exercises.limits import HOT, Evening, LimitBroken, betrayed, broken_limits, keeps_limits
from coach.exercises.reasons import kind_no, why
from coach.schema import ENERGY_RANK, Exercise, Option, Suggestion, Tonight, Verdict, Who

CALM = Verdict(action="coach")
Way = tuple[Exercise, Who]
"""An exercise and the way it would be done."""
ORDER: tuple[Who, ...] = ("together", "remote", "solo")


def suggest(
    catalogue: Catalogue, tonight: Tonight, verdict: Verdict = CALM, topics: frozenset[str] = frozenset()
) -> Suggestion:
    """Up to three cards for tonight: the best fit, an easier one, and one for a person alone.

    `verdict` is the screen's word on the note and the recent turns; `topics` are article items (V01, X03 ...) that the
    person's question was about, so that the card belongs to the answer.
    """
    if verdict.action in ("emergency", "crisis"):
        return Suggestion(action="refer", tonight=tonight, verdict=verdict, reason=kind_no(tonight, verdict))
    evening = Evening.of(tonight, verdict)
    # The note is left out of what is kept: it is the person's own text.
    ways = _ranked(catalogue, evening, tonight.model_copy(update={"note": ""}), topics)
    action: Literal["suggest", "refer"] = "refer" if verdict.refers or betrayed(tonight, verdict) else "suggest"
    # In heat or after a betrayal what is left is done alone, whoever is at home.
    wanted = ways if action == "refer" or tonight.heat >= HOT else [way for way in ways if way[1] in tonight.who]
    options: list[Option] = []
    best = next(iter(wanted), None)
    if best:
        options.append(make_option("best", best, tonight, verdict, topics))
        easier = next((way for way in wanted if _easier(way, best)), None)
        if easier:
            options.append(make_option("easier", easier, tonight, verdict, topics))
    used = {option.exercise for option in options}
    single = next((way for way in ways if way[1] == "solo" and way[0].id not in used), None)
    if single:
        options.append(make_option("solo", single, tonight, verdict, topics))
    if not options:
        return Suggestion(
            action="refer" if action == "refer" else "not_tonight",
            tonight=tonight,
            verdict=verdict,
            reason=kind_no(tonight, verdict),
        )
    return Suggestion(
        action=action,
        tonight=tonight,
        options=tuple(options),
        verdict=verdict,
        reason=kind_no(tonight, verdict) if action == "refer" else "",
    )


def make_option(
    fit: Literal["best", "easier", "solo"],
    way: Way,
    tonight: Tonight,
    verdict: Verdict,
    topics: frozenset[str] = frozenset(),
) -> Option:
    """The only place where an option is made; it checks the limits once more.

    Raises:
        LimitBroken: when a limit is broken, so that such a card cannot exist.
    """
    exercise, who = way
    broken = broken_limits(exercise, who, tonight, verdict)
    if broken:
        raise LimitBroken(detail=f"{exercise.id}: {', '.join(broken)}")
    steps = exercise.steps_for(who)
    return Option(
        fit=fit,
        exercise=exercise.id,
        title=exercise.title,
        who=who,
        minutes=sum(step.minutes for step in steps),
        comfort=exercise.comfort,
        energy=exercise.energy,
        steps=steps,
        why=why(exercise, who, tonight, topics),
        not_when=exercise.not_when,
        source=exercise.source,
    )


@lru_cache(maxsize=64)
def _within_limits(catalogue: Catalogue, evening: Evening) -> tuple[Way, ...]:
    """Every exercise in every way that breaks no limit; kept, since most turns of a chat share their evening."""
    return tuple((exercise, who) for exercise in catalogue for who in ORDER if keeps_limits(exercise, who, evening))


@lru_cache(maxsize=256)
def _ranked(catalogue: Catalogue, evening: Evening, tonight: Tonight, topics: frozenset[str]) -> tuple[Way, ...]:
    """What is within the limits, best first; kept, since turns of a chat are often alike in all that counts here."""
    return tuple(sorted(_within_limits(catalogue, evening), key=_ranking(tonight, topics)))


def _easier(way: Way, best: Way) -> bool:
    """No harder in anything, and clearly lighter in something: two thirds of the time at most, or a step less deep."""
    one, other = way[0], best[0]
    no_harder = (
        one.duration_min <= other.duration_min
        and one.comfort <= other.comfort
        and ENERGY_RANK[one.energy] <= ENERGY_RANK[other.energy]
    )
    lighter = (
        one.duration_min * 3 <= other.duration_min * 2
        or one.comfort < other.comfort
        or ENERGY_RANK[one.energy] < ENERGY_RANK[other.energy]
    )
    return one.id != other.id and no_harder and lighter


def _ranking(tonight: Tonight, topics: frozenset[str]) -> Callable[[Way], tuple[float, str]]:
    """Lower is better: the question's topic, the wish, a calm head, the time there is, the way they are together."""

    steadying = ("EX57", "EX08") if betrayed(tonight, CALM) else ()

    def rank(way: Way) -> tuple[float, str]:
        exercise, who = way
        points = 4.0 * bool(topics & set(exercise.source[:2])) + 2.0 * bool(topics & set(exercise.source))
        places = [exercise.wishes.index(wish) for wish in tonight.wish if wish in exercise.wishes]
        points += 6.0 - 1.5 * min(places) if places else 0.0
        if tonight.heat >= HOT:
            # With the head this hot, a pause that both know of comes first, if there is time for it.
            points += 6.0 * (exercise.id == "EX39")
        elif tonight.heat >= 4:
            points += 2.0 * ("calm" in exercise.wishes) - 3.0 * ("X-HOT" in exercise.contraindications)
        share = exercise.duration_min / max(tonight.minutes, 1)
        points += 2.0 * min(share, 0.8) if exercise.duration_min <= 30 else 0.5
        points += {"together": 0.6, "remote": 0.3, "solo": 0.0}[who] if who in tonight.who else 0.0
        points += 1.5 * (exercise.id in steadying)
        points += {"A": 0.15, "B": 0.1, "C": 0.05, "D": 0.0}[exercise.evidence_grade]
        return -points, exercise.id

    return rank
