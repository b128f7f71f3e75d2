"""Violations of tonight's limits, checked here anew from the catalogue's own fields, not with the app's filter."""

from __future__ import annotations

from coach.schema import ENERGY_RANK, Exercise, Suggestion, Tonight

HEATED = {"EX39", "EX08", "EX11"}
AFTER_BETRAYAL = {"EX08", "EX39", "EX56", "EX57"}


def violations(suggestion: Suggestion, tonight: Tonight, catalogue: dict[str, Exercise]) -> list[str]:
    """What is wrong with a suggestion; empty when every limit is kept."""
    wrong = []
    for option in suggestion.options:
        exercise = catalogue[option.exercise]
        if sum(step.minutes for step in option.steps) > tonight.minutes:
            wrong.append(f"{exercise.id} is too long")
        if exercise.comfort > min(tonight.comfort):
            wrong.append(f"{exercise.id} goes too deep")
        if ENERGY_RANK[exercise.energy] > min(ENERGY_RANK[level] for level in tonight.energy):
            wrong.append(f"{exercise.id} takes too much energy")
        if tonight.heat >= 7 and exercise.id not in HEATED:
            wrong.append(f"{exercise.id} in the heat")
        if (tonight.days_since_betrayal if tonight.days_since_betrayal is not None else 999) < 90 and (
            exercise.id not in AFTER_BETRAYAL
        ):
            wrong.append(f"{exercise.id} after a betrayal")
        if not tonight.private and exercise.needs_privacy:
            wrong.append(f"{exercise.id} can be overheard")
        if exercise.id in tonight.recent:
            wrong.append(f"{exercise.id} again")
        if option.who not in exercise.who:
            wrong.append(f"{exercise.id} cannot be done {option.who}")
    return wrong
