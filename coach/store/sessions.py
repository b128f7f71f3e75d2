"""Suggested sessions, the coach's decisions about them, how they went, and the coach's password hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from coach.errors import NotAllowed
from coach.schema import Citation, Frozen, Option, Suggestion
from coach.store.engine import Store
from coach.store.tables import DecisionRow, OutcomeRow, SecretRow, SessionRow, new_id, now
from coach.store.visible import coached

RECENT_DAYS = 5
"""An exercise done within so many days is not offered again."""
FELT_SAFE = 7
"""From here on (0 to 10) an evening counts as one that felt safe."""


class Decision(Frozen):
    """What a coach decided, with the reason and, where the card was changed, the card that stands now."""

    decided_by: str
    kind: str
    reason: str = ""
    note: str = ""
    card: Option | None = None
    at: datetime


class SuggestedSession(Frozen):
    """One suggested session with all that a coach needs to judge it; decisions are oldest first."""

    id: str
    owner: str
    asked: str
    suggestion: Suggestion
    citations: tuple[Citation, ...]
    versions: dict[str, Any]
    state: str
    chosen: str | None
    at: datetime
    decisions: tuple[Decision, ...] = ()

    @property
    def decision(self) -> Decision | None:
        """The decision that stands: the last one."""
        return self.decisions[-1] if self.decisions else None


def keep_session(
    store: Store,
    owner: str,
    suggestion: Suggestion,
    asked: str = "",
    citations: Sequence[Citation] = (),
    message: str | None = None,
    versions: dict[str, Any] | None = None,
) -> str:
    """Store a suggestion that was shown, for the person's own history and the coach's review."""
    row = suggested(owner, suggestion, asked, citations, message, versions)
    session_id = row.id
    with store.begin() as session:
        session.add(row)
    return session_id


def suggested(
    owner: str,
    suggestion: Suggestion,
    asked: str = "",
    citations: Sequence[Citation] = (),
    message: str | None = None,
    versions: dict[str, Any] | None = None,
) -> SessionRow:
    """As `keep_session`, not stored yet: beside a reply it is stored in one step with that (`keep_reply`)."""
    return SessionRow(
        id=new_id(),
        owner_id=owner,
        message_id=message,
        asked=asked,
        suggestion=suggestion.model_dump(mode="json"),
        citations=[citation.model_dump(mode="json") for citation in citations],
        versions=versions or {},
    )


def choose(store: Store, owner: str, session_id: str, exercise: str) -> None:
    """Remember which card the person started."""
    with store.begin() as session:
        row = session.get(SessionRow, session_id)
        if row is None or row.owner_id != owner:
            raise NotAllowed
        row.chosen = exercise


def own_session(store: Store, owner: str, session_id: str) -> SuggestedSession | None:
    """One of the owner's own sessions, with the coach's word on it."""
    with store.begin() as session:
        row = session.get(SessionRow, session_id)
        if row is None or row.owner_id != owner:
            return None
        return _session(row, session.scalars(_decisions([row.id])).all())


def last_session(store: Store, owner: str) -> SuggestedSession | None:
    """The owner's newest session."""
    with store.begin() as session:
        row = session.scalars(
            select(SessionRow).where(SessionRow.owner_id == owner).order_by(SessionRow.created_at.desc()).limit(1)
        ).first()
        return _session(row, session.scalars(_decisions([row.id])).all()) if row else None


def sessions_for_review(
    store: Store, coach: str, limit: int = 50, state: str | None = None, couple: str | None = None
) -> list[SuggestedSession]:
    """Sessions this coach may look at, newest first; with `couple`, of that couple alone."""
    with store.begin() as session:
        query = select(SessionRow).where(coached(SessionRow, coach, couple))
        if state:
            query = query.where(SessionRow.state == state)
        rows = session.scalars(query.order_by(SessionRow.created_at.desc()).limit(limit)).all()
        decisions = session.scalars(_decisions([row.id for row in rows])).all()
        return [_session(row, [item for item in decisions if item.session_id == row.id]) for row in rows]


def keep_decision(  # noqa: PLR0917 - a decision has that many parts
    store: Store,
    coach: str,
    session_id: str,
    decided_by: str,
    kind: str,
    reason: str = "",
    note: str = "",
    card: Option | None = None,
) -> None:
    """Add a coach's decision; earlier ones stay.

    Raises:
        NotAllowed: when there is no such session before this coach.
    """
    with store.begin() as session:
        row = session.scalars(select(SessionRow).where(SessionRow.id == session_id, coached(SessionRow, coach))).first()
        if row is None:
            raise NotAllowed
        row.state = kind
        session.add(
            DecisionRow(
                session_id=session_id,
                decided_by=decided_by,
                kind=kind,
                reason=reason,
                note=note,
                card=card.model_dump(mode="json") if card else None,
            )
        )


def keep_outcome(
    store: Store, owner: str, session_id: str, exercise: str, done: str, felt_safe: int | None, closer: int | None
) -> None:
    """Store how it went; a second answer replaces the first.

    Raises:
        NotAllowed: when the session is not theirs.
    """
    with store.begin() as session:
        row = session.get(SessionRow, session_id)
        if row is None or row.owner_id != owner:
            raise NotAllowed
        outcome = session.scalars(select(OutcomeRow).where(OutcomeRow.session_id == session_id)).first()
        if outcome is None:
            outcome = OutcomeRow(owner_id=owner, session_id=session_id, exercise=exercise, done=done)
            session.add(outcome)
        outcome.exercise, outcome.done, outcome.felt_safe, outcome.closer = exercise, done, felt_safe, closer


def recent_exercises(store: Store, owner: str) -> tuple[str, ...]:
    """Ids of the exercises the owner started within the last days, newest first."""
    with store.begin() as session:
        rows = session.scalars(
            select(SessionRow.chosen)
            .where(SessionRow.owner_id == owner, SessionRow.chosen.is_not(None))
            .where(SessionRow.created_at > now() - timedelta(days=RECENT_DAYS))
            .order_by(SessionRow.created_at.desc())
        ).all()
    return tuple(dict.fromkeys(row for row in rows if row))


def safe_evenings(store: Store, owner: str) -> int:
    """How many exercises the owner has done that felt safe."""
    with store.begin() as session:
        count = session.scalar(
            select(func.count())
            .select_from(OutcomeRow)
            .where(OutcomeRow.owner_id == owner, OutcomeRow.done != "not", OutcomeRow.felt_safe >= FELT_SAFE)
        )
    return int(count or 0)


def secret_hash(store: Store, name: str) -> str | None:
    """The kept password hash under this name."""
    with store.begin() as session:
        row = session.get(SecretRow, name)
        return row.hash if row else None


def keep_secret_hash(store: Store, name: str, hashed: str, *, replace: bool = False) -> bool:
    """Keep a password hash; False when there is one already and it may not be replaced."""
    with store.begin() as session:
        row = session.get(SecretRow, name)
        if row and not replace:
            return False
        if row:
            row.hash = hashed
        else:
            session.add(SecretRow(name=name, hash=hashed))
    return True


def _decisions(sessions: Sequence[str]) -> Any:
    return select(DecisionRow).where(DecisionRow.session_id.in_(sessions)).order_by(DecisionRow.created_at)


def _session(row: SessionRow, decisions: Sequence[DecisionRow]) -> SuggestedSession:
    return SuggestedSession(
        id=row.id,
        owner=row.owner_id,
        asked=row.asked,
        suggestion=Suggestion.model_validate(row.suggestion),
        citations=tuple(Citation.model_validate(item) for item in row.citations),
        versions=row.versions,
        state=row.state,
        chosen=row.chosen,
        at=row.created_at,
        decisions=tuple(
            Decision(
                decided_by=item.decided_by,
                kind=item.kind,
                reason=item.reason,
                note=item.note,
                at=item.created_at,
                card=Option.model_validate(item.card) if item.card else None,
            )
            for item in decisions
        ),
    )
