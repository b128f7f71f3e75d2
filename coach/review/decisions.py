"""A coach's decision on a suggested session: approve, edit, replace or refer."""

from __future__ import annotations

from typing import Literal

from coach.errors import AttuneError
from coach.exercises import Catalogue
from coach.exercises.limits import broken_limits
from coach.exercises.match import CALM, make_option
from coach.schema import Exercise, Option, Tonight, Verdict, Who
from coach.store import Store
from coach.store.accounts import Person
from coach.store.sessions import SuggestedSession, keep_decision

Kind = Literal["approve", "edit", "replace", "refer"]
KINDS: dict[Kind, str] = {
    "approve": "Approve",
    "edit": "Approve with edits",
    "replace": "Replace the card",
    "refer": "Refer",
}
REASONS = (
    "too deep",
    "too long",
    "wrong stage",
    "safety",
    "privacy leak",
    "one-sided",
    "wrong source or quote",
    "not their culture or ability",
    "repetition",
    "beyond coaching",
    "other",
)
"""Why a coach changes a suggestion; every decision but a plain approval names one."""
LOOKED: dict[str, str] = {
    "approve": "A coach has looked at this and finds it fitting.",
    "edit": "A coach has looked at this and changed some of the wording.",
    "replace": "A coach has looked at this and chose another card for you.",
    "refer": "A coach has looked at this and would rather you spoke with someone trained. The exercise can wait.",
}
"""What the partner reads on the card, by the decision."""


class DecisionWrong(AttuneError):
    """A decision is not complete."""

    default = "This decision is not complete."


def decide(  # noqa: PLR0913 - a decision has that many parts
    store: Store,
    catalogue: Catalogue,
    session: SuggestedSession,
    coach: Person,
    kind: Kind,
    reason: str = "",
    note: str = "",
    *,
    words: tuple[str, ...] = (),
    exercise: str | None = None,
) -> None:
    """Store a decision. `words` are the edited steps, in order; `exercise` is the one that replaces the card.

    Raises:
        DecisionWrong: when the reason, the edited steps or the other exercise is missing or cannot be used.
        NotAllowed: when the session is not, or no longer, before this coach.
    """
    if kind != "approve" and reason not in REASONS:
        raise DecisionWrong("Please choose a reason; it is what the couple's next suggestions learn from.")
    card: Option | None = None
    if kind == "edit":
        card = _edited(standing_card(session), words)
    elif kind == "replace":
        card = _replaced(session, catalogue, exercise)
    keep_decision(store, coach.id, session.id, coach.name, kind, reason, note.strip(), card)


def standing_card(session: SuggestedSession) -> Option | None:
    """The card as it stands: the coach's, else the one started, else the best of those shown; none once referred."""
    if session.decision and session.decision.kind == "refer":
        return None
    for decision in reversed(session.decisions):
        if decision.card:
            return decision.card
    options = session.suggestion.options
    return next((option for option in options if option.exercise == session.chosen), options[0] if options else None)


def replacements(session: SuggestedSession, catalogue: Catalogue) -> list[tuple[Exercise, Who]]:
    """Exercises that keep every limit of that evening, each in the way that suits it best."""
    tonight, verdict = session.suggestion.tonight, session.suggestion.verdict or CALM
    fitting: list[tuple[Exercise, Who]] = []
    for exercise in catalogue:
        way = _way(exercise, tonight, verdict)
        if way:
            fitting.append((exercise, way))
    return fitting


def _way(exercise: Exercise, tonight: Tonight, verdict: Verdict) -> Who | None:
    order: tuple[Who, ...] = ("together", "remote", "solo")
    return next((who for who in order if not broken_limits(exercise, who, tonight, verdict)), None)


def _edited(card: Option | None, words: tuple[str, ...]) -> Option:
    if card is None:
        raise DecisionWrong("There is no card to edit.")
    if len(words) != len(card.steps) or not all(word.strip() for word in words):
        raise DecisionWrong("Please leave every step with some words in it.")
    steps = tuple(step.model_copy(update={"say": word.strip()}) for step, word in zip(card.steps, words, strict=True))
    if steps == card.steps:
        raise DecisionWrong("Nothing was changed; choose Approve instead.")
    return card.model_copy(update={"steps": steps})


def _replaced(session: SuggestedSession, catalogue: Catalogue, exercise: str | None) -> Option:
    found = catalogue.get(exercise or "")
    tonight, verdict = session.suggestion.tonight, session.suggestion.verdict or CALM
    way = _way(found, tonight, verdict) if found else None
    if found is None or way is None:
        raise DecisionWrong("Please choose an exercise that keeps the limits of that evening.")
    return make_option("best", (found, way), tonight, verdict)
