"""What a person has agreed to. Each answer is added with its date, none is changed; the last one counts."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Literal

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from coach.schema import Frozen
from coach.store.engine import Store
from coach.store.tables import PRIVATE, ConsentRow, MessageRow, new_id, now

Kind = Literal["model", "coach"]
"""model: what this person writes may be sent to the language model that is set; coach: the coaches of their couple
may see the exercises suggested to them, with what they asked."""
COACH_SEES = "suggested exercises, with what was asked"
"""What the consent to a coach is about."""


class Answer(Frozen):
    """One answer, as its owner sees it."""

    kind: str
    given: bool
    about: str
    at: datetime


def record(store: Store, owner: str, kind: Kind, about: str, *, given: bool) -> None:
    """Keep an answer. `about` says what exactly was agreed to, such as the address of the model."""
    with store.begin() as session:
        add_answer(session, owner, kind, about, given=given)


def add_answer(session: Session, owner: str, kind: Kind, about: str, *, given: bool) -> None:
    """As `record`, within a transaction. The answer comes after those before it, even where the clock was set back."""
    newest = select(func.max(ConsentRow.created_at)).where(ConsentRow.owner_id == owner, ConsentRow.kind == kind)
    at, before = now(), session.scalar(newest)
    if before and before >= at:
        at = before + timedelta(microseconds=1)
    session.execute(
        insert(ConsentRow).values(
            id=new_id(), owner_id=owner, visibility=PRIVATE, kind=kind, given=given, about=about, created_at=at
        )
    )


def answer(store: Store, owner: str, kind: Kind, about: str) -> bool | None:
    """The last answer on exactly this; None when it was never asked."""
    with store.begin() as session:
        return session.scalars(
            select(ConsentRow.given)
            .where(ConsentRow.owner_id == owner, ConsentRow.kind == kind, ConsentRow.about == about)
            .order_by(ConsentRow.created_at.desc())
            .limit(1)
        ).first()


def tokens_today(store: Store, owner: str) -> int:
    """What a model has used today for this person, in tokens, both ways."""
    midnight = datetime.combine(now().date(), time.min, UTC)
    with store.begin() as session:
        replies = session.scalars(
            select(MessageRow.reply).where(
                MessageRow.owner_id == owner, MessageRow.by == "companion", MessageRow.created_at >= midnight
            )
        ).all()
    written = [reply.get("written") or {} for reply in replies if reply]
    return sum(int(one.get("tokens_in", 0)) + int(one.get("tokens_out", 0)) for one in written)


def answers(store: Store, owner: str) -> list[Answer]:
    """Everything this person was asked, newest first."""
    with store.begin() as session:
        rows = session.scalars(
            select(ConsentRow).where(ConsentRow.owner_id == owner).order_by(ConsentRow.created_at.desc())
        ).all()
    return [Answer(kind=row.kind, given=row.given, about=row.about, at=row.created_at) for row in rows]
